/**
 * Errors about arguments: a TypeError for a wrong type, a RangeError for a wrong value. A message has the argument in
 * quotes, the expectation and the actual value. It is built only when it is thrown.
 */

export function wrongType(name: string, expected: string, got: unknown): TypeError {
  return new TypeError(`"${name}" expected ${expected}, got ${kindOf(got)}`);
}

export function wrongValue(name: string, expected: string, got: unknown): RangeError {
  return new RangeError(`"${name}" expected ${expected}, got ${typeof got === "string" ? `"${got}"` : got}`);
}

/** The same as wrongValue, with a description instead of a value. */
export function unfit(name: string, expected: string, got: string): RangeError {
  return new RangeError(`"${name}" expected ${expected}, got ${got}`);
}

/**
 * The error for a Proxy of an object of this package. The fields that lead to its memory are private, and a Proxy has
 * none.
 */
export function proxied(what: string): TypeError {
  return new TypeError(
    `the ${what} is a Proxy, which cannot reach its memory: keep it out of reactive objects ` +
      "(Vue: markRaw when you store it, toRaw when you use it; MobX: observable.ref)",
  );
}

/** Names a value's type for a message. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return typeof value;
  return value.constructor?.name ?? "object";
}
