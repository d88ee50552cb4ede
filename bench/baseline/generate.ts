/**
 * Loops as generated text. V8 unrolls no JavaScript loop, and one loop function that several operations share is
 * compiled for all of them at once (indirect calls, mixed type feedback): each variant is a function of its own.
 *
 * Indices are masked once per turn: `(i + 8) & INDEX` has a known range, so that V8 checks neither `i + 1` for overflow
 * nor the index for its sign (1.2x on a stored map). Sixteen values a turn against one: 2.1x.
 */
import type { Operation } from "./operations.js";

/** Largest element index: 2^30 - 1 elements are 4 GB. */
export const INDEX = "0x3fffffff";
/** Largest channel index, so that a few rows of channels stay in the range of a small integer. */
export const CHANNEL = "0xfffff";
export const SUM_NAMES = ["sum0", "sum1"] as const;
export const EXTENTS = ["batch", "channels", "spatial"] as const;

/** Arguments: the operation's elements, coefficients, sums (added to), and the extents. */
export type Loop = (...args: (Float32Array | Float64Array | number)[]) => void;

export function parameters(operation: Operation): string[] {
  return [...operation.elements, ...operation.coefficients, ...SUM_NAMES.slice(0, operation.terms.length)];
}

export function repeat(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join("\n");
}

/** A balanced tree of additions: short chains, and smaller rounding errors than one after the other. */
export function addition(terms: readonly string[]): string {
  if (terms.length === 1) return terms[0];
  const half = terms.length >> 1;
  return `(${addition(terms.slice(0, half))} + ${addition(terms.slice(half))})`;
}

/** `i + down2 + 3`, without the zeros. */
export function offset(base: string, ...parts: (string | number)[]): string {
  return [base, ...parts.filter((part) => part !== 0)].join(" + ");
}

let serial = 0;

/** The serial number keeps texts distinct: V8 would give equal texts one function with one type feedback. */
export function compile(names: readonly string[], body: string): Loop {
  return new Function(...names, `// ${serial++}\n${body}`) as Loop;
}
