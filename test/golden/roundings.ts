/**
 * How far a float32 formula may be from the exact answer: the sum of its roundings, element by element.
 *
 * Rounding v to float32 costs at most u·|v|, u = 2^-24, and 2^-150 where the result is subnormal. Counted are the
 * roundings of a formula over float32 memory whose per-channel arithmetic is float64:
 *
 *     y      = (x − mean)·scale + shift           difference, scale, product, shift, sum
 *     dx     = dy·scale + (x − mean)·k + c        scale, product; difference, k, product; c; two sums
 *     dx     = dy·scale (inference)               scale, product
 *     dgamma = Σ dy·(x − mean) · invstd           a term: difference, product, one addition; the result
 *     dbeta  = Σ dy                               a term: one addition; the result
 *     mean   = Σ x / m                            a term: one addition
 *     var    = Σ (x − mean)² / m                  a term: the difference (twice in the square), product, one addition
 *
 * with scale = gamma·invstd, k = −scale·invstd·dgamma/m, c = −scale·dbeta/m. Where PyTorch's float32 answer is exact by
 * luck, twice its error is no fair demand; these sums are.
 */
import { u } from "../helpers/metric.js";
import type { Problem } from "../helpers/problem.js";
import * as reference from "../helpers/reference.js";

const subnormal = 2 ** -150;

function rounding(value: number): number {
  return value === 0 ? 0 : Math.max(u * Math.abs(value), subnormal);
}

/** The per-channel values of a problem; `variance` is the population variance. An empty batch has zeros. */
export interface Exact {
  readonly count: number;
  readonly mean: ArrayLike<number>;
  readonly invstd: Float64Array;
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
}

export function exactOf(p: Problem): Exact {
  const { count, channels } = reference.axes(p.shape, p.layout);
  const zeros = new Float64Array(channels);
  const used =
    p.frozen ?? (count > 0 ? reference.statistics(p.x, p.shape, p.layout) : { mean: zeros, variance: zeros });
  const statistics = { count, mean: used.mean, variance: used.variance };
  const sums = reference.gradientSums(p.dy, p.x, p.shape, p.layout, statistics, p);
  return { count, mean: used.mean, invstd: reference.invstd(used.variance, p.eps), ...sums };
}

/** Largest absolute errors of the per-channel results; `invstd` is relative. */
export interface ChannelErrors {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly invstd: Float64Array;
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
}

export function channelErrors(pass: Problem, exact: Exact): ChannelErrors {
  const { x, dy } = pass;
  const { channels, channelOf } = reference.axes(pass.shape, pass.layout);
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  const terms = new Float64Array(channels);
  const dbeta = new Float64Array(channels);
  for (let i = 0; i < x.length; i++) {
    const c = channelOf(i);
    const d = x[i] - exact.mean[c];
    mean[c] += rounding(x[i]) / exact.count;
    variance[c] += (2 * Math.abs(d) * rounding(d) + 2 * rounding(d * d)) / exact.count;
    terms[c] += Math.abs(dy[i]) * rounding(d) + 2 * rounding(dy[i] * d);
    dbeta[c] += rounding(dy[i]);
  }
  const invstd = variance.map((error, c) => (pass.frozen ? 0 : error * exact.invstd[c] ** 2 * 0.5));
  const dgamma = terms.map((error, c) => error * exact.invstd[c] + Math.abs(exact.dgamma[c]) * invstd[c]);
  return { mean, variance, invstd, dgamma, dbeta };
}

/** Largest absolute error of each y. */
export function yErrors(pass: Problem, exact: Exact, errors: ChannelErrors): Float64Array {
  const { channelOf } = reference.axes(pass.shape, pass.layout);
  return Float64Array.from(pass.x, (x, i) => {
    const c = channelOf(i);
    const d = x - exact.mean[c];
    const scale = (pass.gamma?.[c] ?? 1) * exact.invstd[c];
    const beta = pass.beta?.[c] ?? 0;
    const shift = Math.abs(beta) + Math.abs(scale) * rounding(exact.mean[c]);
    return (
      Math.abs(scale) * rounding(d) +
      Math.abs(d) * (rounding(scale) + Math.abs(scale) * errors.invstd[c]) +
      rounding(scale * d) +
      rounding(shift) +
      rounding(scale * d + beta)
    );
  });
}

/** Largest absolute error of each dx. */
export function dxErrors(pass: Problem, exact: Exact, errors: ChannelErrors): Float64Array {
  const { count, invstd } = exact;
  const { channelOf } = reference.axes(pass.shape, pass.layout);
  return Float64Array.from(pass.dy, (dy, i) => {
    const c = channelOf(i);
    const d = pass.x[i] - exact.mean[c];
    const scale = (pass.gamma?.[c] ?? 1) * invstd[c];
    const direct = Math.abs(dy) * (rounding(scale) + Math.abs(scale) * errors.invstd[c]) + rounding(scale * dy);
    if (pass.frozen) return direct;
    const k = (scale * invstd[c] * exact.dgamma[c]) / count;
    const shift = (scale * exact.dbeta[c]) / count;
    return (
      direct +
      Math.abs(k) * rounding(d) +
      Math.abs(d) * (rounding(k) + 2 * Math.abs(k) * errors.invstd[c]) +
      rounding(d * k) +
      rounding(shift) +
      Math.abs(shift) * errors.invstd[c] +
      rounding(Math.abs(scale * dy) + Math.abs(d * k) + Math.abs(shift)) +
      rounding(scale * dy - d * k - shift) +
      (Math.abs(scale) * (Math.abs(d) * invstd[c] * errors.dgamma[c] + errors.dbeta[c])) / count
    );
  });
}

/** Largest absolute error of sums that are rounded once more to float32. */
export function sumErrors(sums: Float64Array, errors: Float64Array): Float64Array {
  return sums.map((sum, c) => errors[c] + rounding(sum));
}

/** The error of dgamma from subnormal products dy·(x − mean): 2^-150 per value, then times invstd. */
export function subnormalAllowance(count: number, invstd: number): number {
  return count * subnormal * invstd;
}
