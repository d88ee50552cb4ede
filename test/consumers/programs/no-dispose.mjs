// Takes Symbol.dispose from an engine that has it. The property can be neither deleted nor replaced, but Symbol can.
const own = Symbol;
if (own.dispose) {
  globalThis.Symbol = (description) => own(description);
  for (const name of Reflect.ownKeys(own)) {
    if (name === "dispose" || name === "asyncDispose") continue;
    Object.defineProperty(globalThis.Symbol, name, Object.getOwnPropertyDescriptor(own, name));
  }
}
