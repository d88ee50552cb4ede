import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Extents } from "./extents.js";
import type { Address, Host } from "./host.js";
import { gradientSums, inputGradient, normalize, type Pass, statistics } from "./passes.js";

/** A batch's statistics, per channel, in float64 so that the backward pass loses nothing; invstd = 1/sqrt(variance + eps). */
export interface BatchStatistics {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly invstd: Float64Array;
}

const DOUBLE = 8;
const ABSENT = 0;

/** A computation with `vectors` of float64 values, one a channel, before the kernels' scratch. */
function begin(host: Host, extents: Extents, vectors: number): { pass: Pass; vector(index: number): Address } {
  const { kernels } = host;
  const bytes = vectors * DOUBLE * extents.channels;
  const base = host.begin(bytes + (kernels.scratchBytes(extents.channels) >>> 0));
  return {
    pass: { kernels, scratch: base + bytes, extents },
    vector: (index) => base + index * DOUBLE * extents.channels,
  };
}

/** y = (x - mean) * invstd * gamma + beta by the statistics of x. All tensors float32, gamma and beta of shape [C]. */
export function trainingForward(
  host: Host,
  x: TensorInfo,
  gamma: TensorInfo | null,
  beta: TensorInfo | null,
  extents: Extents,
  eps: number,
): { y: TensorInfo; statistics: BatchStatistics } {
  const { channels, count } = extents;
  const { pass, vector } = begin(host, extents, 3);
  const [mean, variance, invstd] = [0, 1, 2].map(vector);
  const from = host.input(x);
  const affine = { mean, invstd, gamma: gamma ? host.input(gamma) : ABSENT, beta: beta ? host.input(beta) : ABSENT };
  const y = host.output(x.shape);
  if (count === 0 || channels === 0) {
    host.doubles(mean, 3 * channels).fill(0);
  } else {
    statistics(pass, mean, variance, from);
    pass.kernels.invstd(invstd, variance, channels, eps);
    normalize(pass, y.address, from, affine);
  }
  const copy = host.doubles(mean, 3 * channels).slice();
  const [meanCopy, varianceCopy, invstdCopy] = [0, 1, 2].map((i) => copy.subarray(i * channels, (i + 1) * channels));
  return { y: y.take(), statistics: { mean: meanCopy, variance: varianceCopy, invstd: invstdCopy } };
}

/**
 * dx = gamma * invstd * (dy - dbeta / m - xhat * dgamma / m), dgamma = sum(dy * xhat), dbeta = sum(dy); the last two only
 * where there is a gamma, or a beta.
 */
export function trainingBackward(
  host: Host,
  dy: TensorInfo,
  [x, gamma, beta]: readonly [TensorInfo, TensorInfo | null, TensorInfo | null],
  { mean, invstd }: BatchStatistics,
  extents: Extents,
): [dx: TensorInfo, dgamma: TensorInfo | null, dbeta: TensorInfo | null] {
  const { channels, count } = extents;
  const { pass, vector } = begin(host, extents, 4);
  const affine = { mean: vector(0), invstd: vector(1), gamma: gamma ? host.input(gamma) : ABSENT, beta: ABSENT };
  const sums = { dgamma: vector(2), dbeta: vector(3) };
  const [above, from] = [host.input(dy), host.input(x)];
  const dx = host.output(x.shape);
  const [dgamma, dbeta] = [gamma, beta].map((parameter) => parameter && host.output(parameter.shape));
  host.doubles(affine.mean, channels).set(mean);
  host.doubles(affine.invstd, channels).set(invstd);
  if (count === 0) {
    host.doubles(sums.dgamma, 2 * channels).fill(0);
  } else if (channels > 0) {
    gradientSums(pass, sums, above, from, affine);
    inputGradient(pass, dx.address, above, from, affine, sums);
  }
  if (dgamma) pass.kernels.toFloat32(dgamma.address, sums.dgamma, channels);
  if (dbeta) pass.kernels.toFloat32(dbeta.address, sums.dbeta, channels);
  return [dx.take(), dgamma?.take() ?? null, dbeta?.take() ?? null];
}

/** The gradient of the population variance for x: (x - mean) * 2 / m * dvariance. */
export function varianceBackward(
  host: Host,
  dvariance: ArrayLike<number>,
  x: TensorInfo,
  { mean }: BatchStatistics,
  extents: Extents,
): TensorInfo {
  const { channels, count } = extents;
  const { pass, vector } = begin(host, extents, 2);
  const affine = { mean: vector(0), invstd: vector(1), gamma: ABSENT, beta: ABSENT };
  const from = host.input(x);
  const dx = host.output(x.shape);
  host.doubles(affine.mean, channels).set(mean);
  // A normalization whose invstd is the factor.
  host.doubles(affine.invstd, channels).set(Float64Array.from(dvariance, (value) => (2 / count) * value));
  if (count > 0 && channels > 0) normalize(pass, dx.address, from, affine);
  return dx.take();
}
