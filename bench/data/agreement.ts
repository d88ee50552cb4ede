import type { Problem } from "../baseline/index.js";
import type { Contender } from "../contender.js";
import type { Extents } from "../inputs.js";
import { forEachElement, reference } from "../reference.js";

/** The largest accepted difference, in the unit of the channel; float32 results reach about 2e-6. */
export const TOLERANCE = 1e-5;
/** The smallest float32. Subnormal values and their sums are rounded to multiples of it. */
const SMALLEST = 2 ** -149;

type Expected = (i: number, c: number) => number;

/**
 * Throws unless each finite value is within its channel's tolerance, and every other value is the same infinity or NaN.
 * Each channel has its own tolerance, so that channels with large values do not hide errors in the others.
 */
export function compare(
  what: string,
  extents: Extents,
  got: ArrayLike<number>,
  expected: Expected,
  tolerance: (c: number) => number,
): void {
  const tolerances = Float64Array.from({ length: extents.channels }, (_, c) => tolerance(c));
  forEachElement(extents, (i, c) => {
    const value = expected(i, c);
    const agrees = Number.isFinite(value) ? Math.abs(got[i] - value) <= tolerances[c] : Object.is(got[i], value);
    if (!agrees) throw new Error(`${what} differs at index ${i}, channel ${c}: expected ${value}, got ${got[i]}`);
  });
}

/** The root of the sum of squares of each channel's values. */
export function lengths(extents: Extents, values: Float32Array): Float64Array {
  const squares = new Float64Array(extents.channels);
  forEachElement(extents, (i, c) => {
    squares[c] += values[i] ** 2;
  });
  return squares.map(Math.sqrt);
}

/**
 * Throws unless inference, training forward and backward of the contender agree with the reference in every channel.
 * With `relu` the mask of the gradients comes from the contender's own y, because both masks are right where y is 0 up
 * to rounding.
 */
export function agreeByChannel(name: string, extents: Extents, contender: Contender, p: Problem, relu: boolean): void {
  const { verbs } = contender;
  const { gamma, beta } = p;
  const forward = reference(extents, p);
  const perChannel: Extents = { loop: "rows", batch: 1, channels: p.channels, spatial: 1 };
  const activated = (y: Expected): Expected => (relu ? (i, c) => Math.max(y(i, c), 0) : y);
  // xhat has a root mean square of 1 at most
  const ofY = (c: number) => TOLERANCE * Math.hypot(gamma[c], beta[c]);
  contender.reset(forward.before);
  verbs.inference();
  compare(`${name}: y of inference`, extents, contender.results().y, activated(forward.inference), ofY);
  verbs.trainingForward();
  const { y, runningMean, runningVar } = contender.results();
  compare(`${name}: y of training`, extents, y, activated(forward.y), ofY);
  const expectedVar = (c: number) => forward.runningVar[c];
  const ofMean = (c: number) => TOLERANCE * (Math.abs(forward.runningMean[c]) + Math.sqrt(expectedVar(c)));
  compare(`${name}: runningMean`, perChannel, runningMean, (c) => forward.runningMean[c], ofMean);
  compare(`${name}: runningVar`, perChannel, runningVar, expectedVar, (c) => TOLERANCE * expectedVar(c));

  const dy = relu ? p.dy.map((value, i) => (y[i] <= 0 ? 0 : value)) : p.dy;
  const { dx, dgamma, dbeta, invstd } = relu ? reference(extents, { ...p, dy }) : forward;
  verbs.backward();
  const got = contender.results();
  const count = p.batch * p.spatial;
  const norms = lengths(extents, dy);
  // |xhat| is below the root of the count, and its squares sum to the count
  const ofSum = (c: number) => TOLERANCE * norms[c] + count * SMALLEST;
  compare(`${name}: dgamma`, perChannel, got.dgamma, (c) => dgamma[c], ofSum);
  compare(`${name}: dbeta`, perChannel, got.dbeta, (c) => dbeta[c], ofSum);
  const ofDx = (c: number) => {
    const rounding = SMALLEST * (invstd[c] + Math.sqrt(count));
    return Math.abs(gamma[c]) * ((TOLERANCE * invstd[c] * norms[c]) / Math.sqrt(count) + rounding);
  };
  compare(`${name}: dx`, extents, got.dx, dx, ofDx);
}
