/** Largest element index: 2^30 - 1 elements are 4 GB. */
export const INDEX = "0x3fffffff";

export function lines(texts: readonly string[]): string {
  return texts.join("\n");
}

export function repeat<T>(count: number, item: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => item(index));
}

/** `i + down2 + 3`, without what is 0. */
export function offset(...parts: (string | number)[]): string {
  return parts.filter((part) => part !== 0 && part !== "0" && part !== "").join(" + ");
}

/** A balanced tree of additions: short chains, and smaller rounding errors than one after the other. */
export function addition(terms: readonly string[]): string {
  if (terms.length === 1) return terms[0];
  const half = terms.length >> 1;
  return `(${addition(terms.slice(0, half))} + ${addition(terms.slice(half))})`;
}

/**
 * `i = (i + 8) & 0x3fffffff`. An index that is masked once per iteration has a known range: V8 checks neither `i + 1` for
 * overflow nor the index for its sign, which makes a stored map 1.2 times faster. The mask is a literal, because V8 does
 * not know the value of an imported constant while it compiles (1.3 times slower).
 */
export function advance(index: string, by: string | number, mask: string = INDEX): string {
  return `${index} = (${index} + ${by}) & ${mask}`;
}
