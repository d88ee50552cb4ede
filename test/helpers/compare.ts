import { goal, relativeError } from "./metric.js";
import { type Axes, channelSums } from "./reference.js";

/** Assertions on results, and the scales of the metric. */

export interface Want {
  readonly ref: ArrayLike<number>;
  /** Per channel. */
  readonly scale: ArrayLike<number>;
  channelOf(index: number): number;
}

type Floats = Float32Array | Float64Array;

/** The error of got[i] in the metric, Infinity for a value of another class. */
export function errorOf(got: Floats, { ref, scale, channelOf }: Want, i: number): number {
  return relativeError(got[i], ref[i], scale[channelOf(i)], got instanceof Float32Array);
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
    const error = errorOf(got, want, i);
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
  values: Readonly<Record<"x" | "xhat" | "dy" | "invstd", ArrayLike<number>>> & { residual?: ArrayLike<number> | null },
  gamma: ArrayLike<number> | null,
  beta: ArrayLike<number> | null,
) {
  const { x, xhat, dy, invstd, residual } = values;
  const meanOf = (term: (i: number) => number) => channelSums(axes, term).map((sum) => sum / axes.count);
  const rmsXhat = meanOf((i) => xhat[i] ** 2).map(Math.sqrt);
  const rmsDy = meanOf((i) => dy[i] ** 2).map(Math.sqrt);
  const rmsResidual = meanOf((i) => (residual ? residual[i] ** 2 : 0)).map(Math.sqrt);
  const absoluteDy = channelSums(axes, (i) => Math.abs(dy[i]));
  const absoluteGamma = (c: number) => Math.abs(gamma ? gamma[c] : 1);
  return {
    mean: meanOf((i) => Math.abs(x[i])),
    y: rmsXhat.map((rms, c) => absoluteGamma(c) * rms + Math.abs(beta ? beta[c] : 0) + rmsResidual[c]),
    dx: rmsDy.map((rms, c) => absoluteGamma(c) * invstd[c] * rms),
    dgamma: channelSums(axes, (i) => Math.abs(dy[i] * xhat[i])).map((sum, c) => sum || absoluteDy[c]),
    dbeta: absoluteDy,
  };
}
