import { goal, u } from "./metric.js";

/**
 * What the binary's statistics and sums may err by in the worst case: over values whose rounding errors do not average
 * out, such as masks, quantised data, and equal gradients. The goal holds for all others.
 */

/** Up to this many deviations the kernels use the sums about 0. Beyond it sums in float64 have the goal's errors. */
const FARTHEST = 1.42;

/**
 * Errors of the float32 sums of x and of x², relative to the sums of sizes: a lane adds 16 trees of four values, 15
 * additions and the two in a tree, each of which errs by up to u of its result; x² is rounded besides.
 */
const FIRST = 17 * u;
const SECOND = 18 * u;

/**
 * A few rows are summed about a pivot instead, up to this many deviations from the mean. A lane adds 8 trees of eight
 * values: seven additions and the three in a tree. Each value is rounded when the pivot is subtracted, its square twice
 * as much, and rounded itself.
 */
const FARTHEST_FROM_PIVOT = 1.74;
const FIRST_ABOUT_PIVOT = 11 * u;
const SECOND_ABOUT_PIVOT = 13 * u;

/** Whether values are summed about a pivot, by the number of a channel's values, one in each row. */
export const hasPivot = (rows: number, channels: number) =>
  rows >= 24 && rows < 256 && channels >= 48 && channels % 4 === 0;

/**
 * The relative error of a variance whose mean is `distance` deviations from 0, r = distance². From variance = Σx² / m −
 * mean², with Σx² = m·variance·(1 + r) and mean² off by 2·|mean|·FIRST times the mean size, which is at most
 * sqrt(variance·(1 + r)). About a pivot the same holds of its distance, which is not known here.
 */
export function varianceError(distance: number, pivot = false): number {
  if (!pivot && distance > FARTHEST) return goal;
  const [first, second] = pivot ? [FIRST_ABOUT_PIVOT, SECOND_ABOUT_PIVOT] : [FIRST, SECOND];
  const r = (pivot ? FARTHEST_FROM_PIVOT : distance) ** 2;
  return Math.max(goal, second * (1 + r) + 2 * first * Math.sqrt(r * (1 + r)));
}

/** The error of a mean in deviations. A float64 mean errs by about 1e-16 of itself, whatever the deviation. */
export function meanError(distance: number, pivot = false): number {
  if (pivot) return Math.max(goal, FIRST_ABOUT_PIVOT * Math.hypot(1, FARTHEST_FROM_PIVOT)) + 1e-9 * distance;
  const near = distance > FARTHEST ? goal : Math.max(goal, FIRST * Math.sqrt(1 + distance ** 2));
  return near + 1e-9 * distance;
}

/**
 * The error of a sum of dy or of dy·(x − mean), relative to that of its absolute values. A block of 1 KB is 32 times a
 * sum of two vectors, added one after another: 33 additions of 2^-24 each.
 */
export const sumError = 33 * u;
