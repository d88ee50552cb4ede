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
 * The relative error of a variance whose mean is `distance` deviations from 0, r = distance². From variance = Σx² / m −
 * mean², with Σx² = m·variance·(1 + r) and mean² off by 2·|mean|·FIRST times the mean size, which is at most
 * sqrt(variance·(1 + r)).
 */
export function varianceError(distance: number): number {
  if (distance > FARTHEST) return goal;
  const r = distance ** 2;
  return Math.max(goal, SECOND * (1 + r) + 2 * FIRST * Math.sqrt(r * (1 + r)));
}

/** The error of a mean in deviations. A float64 mean errs by about 1e-16 of itself, whatever the deviation. */
export function meanError(distance: number): number {
  const near = distance > FARTHEST ? goal : Math.max(goal, FIRST * Math.sqrt(1 + distance ** 2));
  return near + 1e-9 * distance;
}

/**
 * The error of a sum of dy or of dy·(x − mean), relative to that of its absolute values. A block of 1 KB is 32 times a
 * sum of two vectors, added one after another: 33 additions of 2^-24 each.
 */
export const sumError = 33 * u;
