/** The metric of golden/README.md: classes, and errors relative to the size of the terms before they cancel. */

/** Unit roundoff of float32: one rounding errs by at most u times the value. */
export const u = 2 ** -24;
/** Unit roundoff of float64. */
export const u64 = 2 ** -53;
/**
 * The project's goal in the metric. What the formulas leave of it: y is five roundings of terms no larger than scale
 * (x - mean, the two coefficients, product, sum: 5u = 3e-7). dx is about eleven, where |xhat| is about 1 (three a term of
 * dy, dbeta/m and xhat·dgamma/m, and what the sums bring: 11u = 6.6e-7; `dxTerms` in problem.ts says what where it is
 * large). The rest is for the error of the sums, whose float32 blocks must be short or lucky: a block of B terms errs by
 * at most (B - 1)·u of its sum of absolute values, about sqrt(B)·u for rounding errors of either sign.
 */
export const goal = 1e-6;
/** The smallest normal float32: a smaller value counts against this. */
const smallestNormal = 2 ** -126;

export type ValueClass = "NaN" | "Infinity" | "-Infinity" | "finite";

/** The class of a value; of a float32 result, that of the value rounded to float32. */
export function classOf(value: number, single = true): ValueClass {
  const result = single ? Math.fround(value) : value;
  return Number.isFinite(result) ? "finite" : (String(result) as ValueClass);
}

/** What an error is measured against. A scale that is not finite does not count. */
export function yardstick(ref: number, scale: number): number {
  return Math.max(Math.abs(ref), Number.isFinite(scale) ? scale : 0, smallestNormal);
}

/** |got - ref| / max(|ref|, scale, 2^-126); Infinity for a value of another class, 0 for one of the same that is not finite. */
export function relativeError(got: number, ref: number, scale: number, single = true): number {
  const expected = classOf(ref, single);
  if (classOf(got, single) !== expected) return Infinity;
  return expected !== "finite" || got === ref ? 0 : Math.abs(got - ref) / yardstick(ref, scale);
}

export interface Worst {
  /** Largest relative error over finite values. */
  maxRel: number;
  /** Values of another class than the reference. */
  classMismatch: number;
}

export function worstOf(
  got: ArrayLike<number>,
  ref: ArrayLike<number>,
  scale: ArrayLike<number>,
  channelOf: (index: number) => number,
): Worst {
  const worst = { maxRel: 0, classMismatch: 0 };
  for (let i = 0; i < ref.length; i++) {
    const error = relativeError(got[i], ref[i], scale[channelOf(i)]);
    if (error === Infinity) worst.classMismatch++;
    else worst.maxRel = Math.max(worst.maxRel, error);
  }
  return worst;
}
