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

export interface KnownLimit {
  readonly reason: string;
  /** The absolute error that is known for value i of the tensor `name`; 0 where the limit does not concern it. */
  allowance(channel: Channel, name: string, i: number, unit: number): number;
}

const inBinary = ({ backend }: Channel) => backend !== "js";

/** The float32 kernels hand a whole call over where invstd or gamma·invstd of a channel is beyond these powers. */
export function takesFloat64(invstd: number, scale: number): boolean {
  const beyond = (value: number, power: number) =>
    value !== 0 && !(Math.abs(value) >= 2 ** -power && Math.abs(value) <= 2 ** power);
  return beyond(invstd, 30) || beyond(scale, 100);
}

/** At most this many values count as few. */
const FEW = 16;

const fewValued: KnownLimit = {
  reason: "Sums of x and x² about 0 lose up to 1 + 3·(mean / deviation)² times their error, 2.6e-7 where x has few values.",
  allowance(channel, name, _i, unit) {
    const bound = { variance: 3.3e-6, runningVar: 3.3e-6, y: 2e-6, dgamma: 2e-6, dx: 7e-6 }[name];
    if (bound === undefined || !inBinary(channel) || channel.batch === undefined) return 0;
    const { mean, variance } = channel.batch;
    // Beyond 2 deviations the kernels read x again about its mean; below 1 the loss stays within the goal.
    const far = Math.abs(mean) / Math.sqrt(variance);
    return far >= 1 && far <= 2.001 && new Set(channel.x).size <= FEW ? bound * unit : 0;
  },
};

const maskInFloat64: KnownLimit = {
  reason: "In float64 backward rounds y differently from forward, so dy may pass where y is 0, or not where y is positive.",
  allowance(channel, name, i, unit) {
    const { relu, z, zSize = 0, dy, xhat, scale = 0, sums } = channel;
    if (!relu || !inBinary(channel) || !z || !dy || !xhat || !(channel.float64 || sumsOverflow(channel))) return 0;
    // The sign of y is uncertain where y is no larger than the error of forward.
    const uncertain = (j: number) => Math.abs(z[j]) <= 1e-6 * zSize + 2 ** -149;
    let dbeta = 0;
    let dgamma = 0;
    for (let j = 0; j < dy.length; j++) {
      if (!uncertain(j)) continue;
      dbeta += Math.abs(dy[j]);
      dgamma += Math.abs(dy[j] * xhat[j]);
    }
    if (name === "dbeta") return dbeta;
    if (name === "dgamma") return dgamma;
    if (name !== "dx") return 0;
    const throughSums = sums ? (dbeta + Math.abs(xhat[i]) * dgamma) / dy.length : 0;
    return Math.abs(scale) * ((uncertain(i) ? Math.abs(dy[i]) : 0) + throughSums) * (1 + 1e-6) + 1e-6 * unit;
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
  reason: "With a tiny dy a coefficient of dx, or a product that it is summed from, is below the normal range of float32.",
  allowance(channel, name, i) {
    const { dz, sums, x, xhat, mean = 0, invstd = 0, scale = 0 } = channel;
    if (name !== "dx" || !inBinary(channel) || !dz || !sums || !xhat) return 0;
    const deviation = Math.abs(x[i] - mean);
    const largest = dz.reduce((most, value, j) => Math.max(most, Math.abs(value * (x[j] - mean))), 0);
    const coefficients = [sums.dbeta / dz.length, (invstd * sums.dgamma) / dz.length, largest];
    if (coefficients.every((value) => Math.abs(value) >= 2 ** -126)) return 0;
    // Half of the smallest float32 in OFFSET, in SLOPE (times x - mean), in their product and in each product of dgamma.
    return Math.abs(scale) * 2 ** -150 * (3 + deviation + Math.abs(xhat[i]) * invstd);
  },
};

export const knownLimits: readonly KnownLimit[] = [fewValued, maskInFloat64, subnormalCoefficients];

/**
 * Whether one channel's values may change the bits of others: a call goes to float64 as a whole. Otherwise a channel's
 * results are a function of its own values and of the extents.
 */
export function mayChangeOthers(backend: FuzzBackend["name"], float64: boolean): boolean {
  return backend !== "js" && float64;
}
