/**
 * Tells the kind of an object of any realm or copy of this package. A frame, a vm context and a test runner such as
 * Jest have their own globals, and `instanceof` knows only the objects of its own realm.
 */

/** The engine's objects that this package accepts, by their names, which are the same in every realm. */
interface Named {
  BigInt64Array: BigInt64Array;
  BigUint64Array: BigUint64Array;
  DataView: DataView;
  SharedArrayBuffer: SharedArrayBuffer;
  Uint16Array: Uint16Array;
  URL: URL;
  "WebAssembly.Memory": WebAssembly.Memory;
  "WebAssembly.Module": WebAssembly.Module;
}

export function isA<Name extends keyof Named>(name: Name, value: unknown): value is Named[Name] {
  return Object.prototype.toString.call(value) === `[object ${name}]`;
}

/** A property of all kernels and tensors. Every copy of this package has the same symbol. */
export const MADE_BY_THIS_PACKAGE: unique symbol = Symbol.for("batchnorm-wasm");

/**
 * Returns an error if another copy of this package made the value, else null. Two copies come from two versions, or
 * from `import` beside `require` where the engine or the bundler does not know the condition `module-sync`.
 */
export function ofAnotherCopy(name: string, expected: string, value: unknown): TypeError | null {
  if (typeof value !== "object" || value === null || !(MADE_BY_THIS_PACKAGE in value)) return null;
  return new TypeError(
    `"${name}" expected ${expected}, got one of another copy of batchnorm-wasm: two copies are loaded. ` +
      "Load one only: the same version everywhere (npm ls batchnorm-wasm), and import or require but not both",
  );
}
