import type { FuzzBackend } from "./backends.js";
import type { Moments, Sums } from "./reference.js";

/**
 * Where the kernels are known to miss the goal, each with the cases that it concerns and a bound on the error. What is
 * beyond the bound, or in another case, is a failure. A limit goes from here when the kernels no longer need it.
 */

/** What is known of a channel where a value is judged. */
export interface Channel {
  readonly backend: FuzzBackend["name"];
  readonly number: number;
  /** Whether any channel of the call takes the call to float64 (`takesFloat64`). */
  readonly float64: boolean;
  readonly x: Float64Array;
  readonly batch?: Moments;
  /** Mean that x is normalized by, gamma·invstd, and invstd. */
  readonly mean?: number;
  readonly scale?: number;
  readonly invstd?: number;
  readonly relu?: boolean;
  /** y before the activation, and the size of its terms. */
  readonly z?: Float64Array;
  readonly zSize?: number;
  readonly xhat?: Float64Array;
  readonly dy?: Float64Array;
  /** dy where the activation lets it through. */
  readonly dz?: Float64Array;
  /** Absent or null where statistics are constants. */
  readonly sums?: Sums | null;
}

/** The absolute error that is known for value i of the tensor `name`, beside the goal; `unit` is what errors are measured against. */
export type Allowance = (name: string, i: number, unit: number) => number;

export interface KnownLimit {
  readonly reason: string;
  /** Null where the limit does not concern the channel. */
  of(channel: Channel): Allowance | null;
}

const inBinary = ({ backend }: Channel) => backend !== "js";

/** The float32 kernels hand a whole call over where invstd or gamma·invstd of a channel is beyond these powers. NaN is not. */
export function takesFloat64(invstd: number, scale: number): boolean {
  const beyond = (value: number, power: number) => value !== 0 && (value < 2 ** -power || value > 2 ** power);
  return beyond(invstd, 30) || beyond(Math.abs(scale), 100);
}

/** At most this many values count as few. */
const FEW = 16;

const meanOfDeviations: KnownLimit = {
  reason:
    "Sums of x and x² about 0 lose up to 1 + 3·(mean / deviation)² times their error, 2.6e-7 where x has few values.",
  of(channel) {
    if (!inBinary(channel) || channel.batch === undefined) return null;
    const { mean, variance } = channel.batch;
    // Beyond 2 deviations the kernels read x again about its mean; below 1 the loss stays within the goal.
    const far = Math.abs(mean) / Math.sqrt(variance);
    if (!(far >= 1 && far <= 2.001)) return null;
    // The variance's error enters dx by invstd and twice by xhat·dgamma. Over noise the variance keeps the goal.
    const noise: Record<string, number> = { dx: 2.1e-6 };
    const few: Record<string, number> = { variance: 3.3e-6, runningVar: 3.3e-6, y: 2e-6, dgamma: 2e-6, dx: 7e-6 };
    const bounds = new Set(channel.x).size <= FEW ? few : noise;
    return (name, _i, unit) => (bounds[name] ?? 0) * unit;
  },
};

const equalTerms: KnownLimit = {
  reason: "Sums of dy in float32 over up to 33 additions lose 2^-24 each, which does not average out over equal terms.",
  of({ backend, dz, x, z, sums }) {
    if (backend === "js" || !dz || !z || sums === undefined) return null;
    // Blocks of 1 KB: 32 times a sum of two vectors, added one after another. dx takes both sums over.
    const bound = 33 * 2 ** -24;
    const bounds: Record<string, number> = { dbeta: bound, dgamma: new Set(x).size <= FEW ? bound : 0, dx: 2 * bound };
    return new Set(dz).size <= FEW ? (name, _i, unit) => (bounds[name] ?? 0) * unit : null;
  },
};

/** The largest finite float32, and half a unit. */
const OVERFLOW = 2 ** 128 * (1 - 2 ** -25);

const overflowOnTheWay: KnownLimit = {
  reason: "With dy near the end of float32 a float32 sum of dy, or a difference on the way to dx, may be beyond it.",
  of(channel) {
    const { dz, xhat, sums, float64, invstd = 0 } = channel;
    if (!inBinary(channel) || !dz || !xhat || sums === undefined || float64) return null;
    if (sumsOverflow(channel)) return (name) => (["dbeta", "dgamma", sums ? "dx" : ""].includes(name) ? Infinity : 0);
    if (sums === null) return null;
    // dx = ((dy - OFFSET) - (x - mean)·SLOPE)·SCALE, with SLOPE = invstd·dgamma/m
    const offset = Math.abs(sums.dbeta) / dz.length;
    const slope = Math.abs(sums.dgamma) / dz.length;
    const beyond = (i: number) =>
      !(invstd * slope < OVERFLOW && Math.abs(dz[i]) + offset + Math.abs(xhat[i]) * slope < OVERFLOW);
    return dz.some((_, i) => beyond(i)) ? (name, i) => (name === "dx" && beyond(i) ? Infinity : 0) : null;
  },
};

const deadInFloat64: KnownLimit = {
  reason:
    "dgamma of a channel whose invstd is 0 is 0 even where dy is not finite, but NaN where the call goes to float64.",
  of(channel) {
    const { invstd, dz, float64 } = channel;
    if (!inBinary(channel) || invstd !== 0 || !float64) return null;
    return dz?.some((value) => !Number.isFinite(value)) ? (name) => (name === "dgamma" ? Infinity : 0) : null;
  },
};

const maskInFloat64: KnownLimit = {
  reason:
    "In float64 backward rounds y differently from forward, so dy may pass where y is 0, or not where y is positive.",
  of(channel) {
    const { relu, z, zSize = 0, dy, xhat, scale = 0, sums } = channel;
    if (!relu || !inBinary(channel) || !z || !dy || !xhat || !(channel.float64 || sumsOverflow(channel))) return null;
    // The sign of y is uncertain where y is no larger than the error of forward.
    const uncertain = (i: number) => Math.abs(z[i]) <= 1e-6 * zSize + 2 ** -149;
    // What passes has an error of its own.
    const exceeded = 1 + 1e-6;
    // A dy that is not finite makes all of these so.
    const magnitude = (value: number) => (Number.isFinite(value) ? Math.abs(value) : Infinity);
    let dbeta = 0;
    let dgamma = 0;
    for (let i = 0; i < dy.length; i++) {
      if (!uncertain(i)) continue;
      dbeta += magnitude(dy[i]);
      dgamma += magnitude(dy[i] * xhat[i]);
    }
    if (dbeta === 0) return null;
    return (name, i) => {
      if (name === "dbeta") return exceeded * dbeta;
      if (name === "dgamma") return exceeded * dgamma;
      if (name !== "dx") return 0;
      // Where the sum is not finite, neither is dx, not even at an xhat of 0.
      const throughXhat = dgamma === Infinity ? Infinity : Math.abs(xhat[i]) * dgamma;
      const throughSums = sums ? (dbeta + throughXhat) / dy.length : 0;
      return exceeded * Math.abs(scale) * ((uncertain(i) ? magnitude(dy[i]) : 0) + throughSums);
    };
  },
};

/** Whether float32 sums of dy or dy·(x - mean) may overflow, which sends the channel to float64. */
function sumsOverflow({ dz, dy = dz, x, mean = 0 }: Channel): boolean {
  if (!dy) return false;
  let plain = 0;
  let products = 0;
  for (let i = 0; i < dy.length; i++) {
    plain += Math.abs(dy[i]);
    products += Math.abs(dy[i] * (x[i] - mean));
  }
  return !(plain < 2 ** 127 && products < 2 ** 127);
}

const subnormalCoefficients: KnownLimit = {
  reason:
    "With a tiny dy a coefficient of dx, or a product that it is summed from, is below the normal range of float32.",
  of(channel) {
    const { dz, sums, x, xhat, mean = 0, invstd = 0, scale = 0 } = channel;
    if (!inBinary(channel) || !dz || !sums || !xhat) return null;
    const largest = dz.reduce((most, value, i) => Math.max(most, Math.abs(value * (x[i] - mean))), 0);
    const coefficients = [sums.dbeta / dz.length, (invstd * sums.dgamma) / dz.length, largest / dz.length];
    if (coefficients.every((value) => Math.abs(value) >= 2 ** -126)) return null;
    // Half of the smallest float32 in OFFSET, in SLOPE (times x - mean), in their product and in each product of dgamma.
    return (name, i) => {
      const parts = 3 + Math.abs(x[i] - mean) + Math.abs(xhat[i]) * invstd;
      return name === "dx" ? Math.abs(scale) * 2 ** -150 * parts : 0;
    };
  },
};

const knownLimits: readonly KnownLimit[] = [
  meanOfDeviations,
  equalTerms,
  overflowOnTheWay,
  deadInFloat64,
  maskInFloat64,
  subnormalCoefficients,
];

/** What the limits that concern a channel allow together. */
export function allowanceOf(channel: Channel): Allowance {
  const allowances = knownLimits.flatMap((limit) => limit.of(channel) ?? []);
  return (name, i, unit) => allowances.reduce((total, allowance) => total + allowance(name, i, unit), 0);
}

/**
 * Whether one channel's values may change the bits of others: a call goes to float64 as a whole. Otherwise a channel's
 * results are a function of its own values and of the extents.
 */
export function mayChangeOthers(backend: FuzzBackend["name"], float64: boolean): boolean {
  return backend !== "js" && float64;
}
