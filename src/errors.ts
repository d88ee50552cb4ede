/**
 * The words of errors on arguments: a TypeError for a wrong type, a RangeError for a wrong value; the argument in quotes, what was
 * expected, what came. Each message is built only where it is thrown.
 */

export function wrongType(name: string, expected: string, got: unknown): TypeError {
  return new TypeError(`"${name}" expected ${expected}, got ${kindOf(got)}`);
}

export function wrongValue(name: string, expected: string, got: unknown): RangeError {
  return new RangeError(`"${name}" expected ${expected}, got ${typeof got === "string" ? `"${got}"` : got}`);
}

/** As wrongValue, for what is described rather than a value. */
export function unfit(name: string, expected: string, got: string): RangeError {
  return new RangeError(`"${name}" expected ${expected}, got ${got}`);
}

/**
 * The error of a Proxy of something of this package: the fields that lead to its memory are private, and a Proxy has none.
 */
export function proxied(what: string): TypeError {
  return new TypeError(
    `the ${what} is a Proxy, which cannot reach its memory: keep it out of reactive objects ` +
      "(Vue: markRaw when you store it, toRaw when you use it; MobX: observable.ref)",
  );
}

/** A value's type as a reader would call it. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return typeof value;
  return value.constructor?.name ?? "object";
}
