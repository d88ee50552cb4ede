import { type Axes, channelSums } from "./reference.js";

/**
 * The error metric and the bounds that the suites use.
 *
 * Relative error of a value = |got - ref| / max(|ref|, scale[c], 2^-126): scale is the channel's size before
 * cancellation (`scales`), 2^-126 the smallest normal float32. NaN, Infinity, -Infinity and finite are four classes;
 * another class than the reference's (rounded to float32 if the result is float32) is an error, whatever its size.
 */

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
const smallestNormal = 2 ** -126;

export interface Want {
  readonly ref: ArrayLike<number>;
  /** Per channel. */
  readonly scale: ArrayLike<number>;
  channelOf(index: number): number;
}

type Floats = Float32Array | Float64Array;

const classOf = (value: number): string => (Number.isFinite(value) ? "finite" : String(value));

/** The error of got[i] in the metric, Infinity for a value of another class. */
export function relativeError(got: Floats, { ref, scale, channelOf }: Want, i: number): number {
  const rounded = got instanceof Float32Array ? Math.fround(ref[i]) : ref[i];
  if (classOf(got[i]) !== classOf(rounded)) return Infinity;
  if (!Number.isFinite(rounded) || got[i] === ref[i]) return 0;
  const size = scale[channelOf(i)];
  return Math.abs(got[i] - ref[i]) / Math.max(Math.abs(ref[i]), Number.isFinite(size) ? size : 0, smallestNormal);
}

function fail(line: string, tensor: string, i: number, expected: unknown, got: unknown, more = ""): never {
  throw new Error(`${line}: ${tensor}[${i}] expected ${expected}, got ${got}${more}`);
}

function sameLength(line: string, tensor: string, got: ArrayLike<number>, want: ArrayLike<number>): void {
  if (got.length !== want.length)
    throw new Error(`${line}: ${tensor} expected ${want.length} values, got ${got.length}`);
}

/** Every value within limit of the reference in the metric; names the worst. */
export function expectClose(line: string, tensor: string, got: Floats, want: Want, limit = goal): void {
  sameLength(line, tensor, got, want.ref);
  let worst = 0;
  let at = -1;
  for (let i = 0; i < got.length; i++) {
    const error = relativeError(got, want, i);
    if (error > worst) [worst, at] = [error, i];
  }
  if (worst > limit) {
    fail(line, tensor, at, want.ref[at], got[at], ` (channel ${want.channelOf(at)}, error ${worst}, limit ${limit})`);
  }
}

/** |got[i] - ref[i]| <= bound(i), an absolute bound for each value. */
export function expectWithin(
  line: string,
  tensor: string,
  got: ArrayLike<number>,
  ref: ArrayLike<number>,
  bound: (i: number) => number,
): void {
  sameLength(line, tensor, got, ref);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i] - ref[i]) <= bound(i))) fail(line, tensor, i, ref[i], got[i], ` (bound ${bound(i)})`);
  }
}

/** Equal as numbers: no tolerance, NaN equals NaN, 0 equals -0. */
export function expectEqual(line: string, tensor: string, got: ArrayLike<number>, want: ArrayLike<number>): void {
  sameLength(line, tensor, got, want);
  for (let i = 0; i < got.length; i++) {
    const bothNaN = Number.isNaN(got[i]) && Number.isNaN(want[i]);
    if (got[i] !== want[i] && !bothNaN) fail(line, tensor, i, want[i], got[i]);
  }
}

/** Equal bit for bit, except that any NaN equals any NaN: engines may choose its payload. */
export function expectBits(line: string, tensor: string, got: ArrayLike<number>, want: ArrayLike<number>): void {
  sameLength(line, tensor, got, want);
  for (let i = 0; i < got.length; i++)
    if (!Object.is(got[i], want[i])) fail(line, tensor, i, want[i], got[i], " (bits)");
}

/** The scales of the metric, per channel. dy is the gradient after the activation's mask. */
export function scales(
  axes: Axes,
  values: { x: ArrayLike<number>; xhat: ArrayLike<number>; dy: ArrayLike<number>; invstd: ArrayLike<number> },
  gamma: ArrayLike<number> | null,
  beta: ArrayLike<number> | null,
) {
  const { x, xhat, dy, invstd } = values;
  const meanOf = (term: (i: number) => number) => channelSums(axes, term).map((sum) => sum / axes.count);
  const rmsXhat = meanOf((i) => xhat[i] ** 2).map(Math.sqrt);
  const rmsDy = meanOf((i) => dy[i] ** 2).map(Math.sqrt);
  const absoluteDy = channelSums(axes, (i) => Math.abs(dy[i]));
  const absoluteGamma = (c: number) => Math.abs(gamma ? gamma[c] : 1);
  return {
    mean: meanOf((i) => Math.abs(x[i])),
    y: rmsXhat.map((rms, c) => absoluteGamma(c) * rms + Math.abs(beta ? beta[c] : 0)),
    dx: rmsDy.map((rms, c) => absoluteGamma(c) * invstd[c] * rms),
    dgamma: channelSums(axes, (i) => Math.abs(dy[i] * xhat[i])).map((sum, c) => sum || absoluteDy[c]),
    dbeta: absoluteDy,
  };
}
