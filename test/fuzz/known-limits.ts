import { hasPivot, meanError, sumError, varianceError } from "../helpers/worst-case.js";
import type { FuzzBackend } from "./backends.js";
import type { Moments, Sums } from "./reference.js";

/**
 * Where the kernels' worst case is beyond the goal, each with the cases that it concerns and a bound on the error. What is
 * beyond the bound, or in another case, is a failure. A limit goes from here when the kernels no longer need it.
 */

/** What is known of a channel where a value is judged. */
export interface Channel {
  readonly backend: FuzzBackend["name"];
  readonly number: number;
  readonly x: Float64Array;
  readonly batch?: Moments;
  /** What x is normalized by; scale is gamma·invstd. */
  readonly mean?: number;
  readonly invstd?: number;
  readonly scale?: number;
  readonly gamma?: number;
  readonly xhat?: Float64Array;
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

/** At most this many values count as few. */
const FEW = 16;
const areFew = (values: Float64Array) => new Set(values).size <= FEW;

/** Errors of dgamma and of dbeta, as they reach dx. */
function throughSums({ scale = 0, xhat, dz }: Channel, i: number, dgamma: number, dbeta: number): number {
  return (Math.abs(scale) * (dbeta + Math.abs(xhat?.[i] ?? 0) * dgamma)) / (dz?.length ?? 1);
}

const meanOfDeviations: KnownLimit = {
  reason: "Sums of x and x² about 0 magnify their errors, which do not average out where x has few values.",
  of(channel) {
    const { backend, batch, x, gamma = 1, scale = 0, xhat, sums } = channel;
    if (backend === "js" || batch === undefined || !areFew(x)) return null;
    const distance = Math.abs(batch.mean) / Math.sqrt(batch.variance);
    if (!(distance < Infinity)) return null;
    // As in rows of many channels; in planes and narrow rows so many values have smaller errors.
    const pivot = hasPivot(x.length, 48);
    const [variance, mean] = [varianceError(distance, pivot), meanError(distance, pivot)];
    // invstd errs by half of what the variance does, xhat by that and by the mean's error.
    const ofXhat = (i: number) => (variance / 2) * Math.abs(xhat?.[i] ?? 0) + mean;
    const ofDgamma = sums ? (variance / 2) * Math.abs(sums.dgamma) + mean * Math.abs(sums.dbeta) : 0;
    const bounds: Record<string, (i: number, unit: number) => number> = {
      variance: (_i, unit) => variance * unit,
      runningVar: (_i, unit) => variance * unit,
      mean: () => mean * Math.sqrt(batch.variance),
      runningMean: () => mean * Math.sqrt(batch.variance),
      y: (i) => Math.abs(gamma) * ofXhat(i),
      dgamma: () => ofDgamma,
      dx(i, unit) {
        const slope = (Math.abs(sums?.dgamma ?? 0) / x.length) * Math.abs(scale);
        return (variance / 2) * unit + throughSums(channel, i, ofDgamma, 0) + slope * ofXhat(i);
      },
    };
    return (name, i, unit) => bounds[name]?.(i, unit) ?? 0;
  },
};

const magnitude = (terms: Float64Array) => terms.reduce((total, value) => total + Math.abs(value), 0);

/** Whether one of the terms is larger than all others together: what they lose beside it does not average out either. */
const isOneLargest = (terms: Float64Array, size: number) => terms.some((value) => Math.abs(value) >= size / 2);

const equalTerms: KnownLimit = {
  reason:
    "Sums of dy in float32 lose 2^-24 with each addition, which does not average out over equal terms, or beside one outlier.",
  of(channel) {
    const { backend, dz, x, xhat, sums } = channel;
    if (backend === "js" || !dz || !xhat) return null;
    const products = dz.map((value, i) => value * xhat[i]);
    const [size, productSize] = [magnitude(dz), magnitude(products)];
    const areEqual = areFew(dz);
    const dbeta = areEqual || isOneLargest(dz, size) ? sumError * size : 0;
    const isDgamma = (areEqual && areFew(x)) || isOneLargest(products, productSize);
    const dgamma = isDgamma ? sumError * productSize : 0;
    const bounds: Record<string, (i: number) => number> = {
      dbeta: () => dbeta,
      dgamma: () => dgamma,
      // With constant statistics dx does not depend on the sums.
      dx: (i) => (sums ? throughSums(channel, i, dgamma, dbeta) : 0),
    };
    return (name, i) => bounds[name]?.(i) ?? 0;
  },
};

/** Half of the smallest float32, which a rounding below the normal range errs by at most. */
const HALF = 2 ** -150;

const subnormalGradient: KnownLimit = {
  reason: "Where dx is below the normal range of float32 what it is summed from may be there, too.",
  of({ backend, dz, x, xhat, sums, mean = 0, invstd = 0, scale = 0 }) {
    if (backend === "js" || !dz || !xhat || !sums) return null;
    const exact = (i: number) => scale * (dz[i] - (sums.dbeta + xhat[i] * sums.dgamma) / dz.length);
    // Of OFFSET, of SLOPE (times x - mean), of their product, and of each product that dgamma is the sum of.
    const parts = (i: number) => 3 + Math.abs(x[i] - mean) + Math.abs(xhat[i]) * invstd;
    const isSubnormal = (i: number) => Math.abs(exact(i)) < 2 ** -126;
    return (name, i) => (name === "dx" && isSubnormal(i) ? Math.abs(scale) * HALF * parts(i) : 0);
  },
};

const knownLimits: readonly KnownLimit[] = [meanOfDeviations, equalTerms, subnormalGradient];

/** What the limits that concern a channel allow together. */
export function allowanceOf(channel: Channel): Allowance {
  const allowances = knownLimits.flatMap((limit) => limit.of(channel) ?? []);
  return (name, i, unit) => allowances.reduce((total, allowance) => total + allowance(name, i, unit), 0);
}
