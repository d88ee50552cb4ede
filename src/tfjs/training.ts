import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Extents } from "./extents.js";
import type { Address, Host } from "./host.js";
import { gradientSums, inputGradient, normalize, type Pass, statistics } from "./passes.js";

/**
 * A batch's statistics: of all channels mean, then invstd = 1/sqrt(variance + eps), then variance. In float64, so that the
 * backward pass loses nothing; one array, which the kernels' memory takes and gives in one piece.
 */
export type BatchStatistics = Float64Array;

/** Statistics of a layer, float32 of shape [C], that follow those of its batches. */
export interface MovingStatistics<T extends TensorInfo = TensorInfo> {
  readonly mean: T;
  readonly variance: T;
  /** Weight of the old value. */
  readonly momentum: number;
}

export interface TrainingForward {
  readonly y: TensorInfo;
  readonly statistics: BatchStatistics;
  /** The next moving statistics, null where none were given or the batch is empty. */
  readonly moved: Pick<MovingStatistics, "mean" | "variance"> | null;
}

const DOUBLE = 8;
const ABSENT = 0;
/** Of {@link BatchStatistics}. */
const VECTORS = 3;

/** Begins a computation with the statistics, and `more` vectors of float64 values, one a channel, before the scratch. */
function begin(host: Host, extents: Extents, more: number): { pass: Pass; mean: Address } {
  const { kernels } = host;
  const bytes = (VECTORS + more) * DOUBLE * extents.channels;
  const mean = host.begin(bytes + (kernels.scratchBytes(extents.channels) >>> 0));
  return { pass: { kernels, scratch: mean + bytes, extents }, mean };
}

/** y = (x - mean) * invstd * gamma + beta by the statistics of x. All tensors float32, gamma and beta of shape [C]. */
export function trainingForward(
  host: Host,
  x: TensorInfo,
  gamma: TensorInfo | null,
  beta: TensorInfo | null,
  extents: Extents,
  eps: number,
  moving: MovingStatistics | null = null,
): TrainingForward {
  const { channels, count } = extents;
  const { pass, mean } = begin(host, extents, 2);
  const invstd = mean + DOUBLE * channels;
  const variance = invstd + DOUBLE * channels;
  const from = host.input(x);
  const affine = { mean, invstd, gamma: gamma ? host.input(gamma) : ABSENT, beta: beta ? host.input(beta) : ABSENT };
  const y = host.output(x.shape);
  if (count === 0 || channels === 0) {
    host.doubles(mean, VECTORS * channels).fill(0);
  } else {
    statistics(pass, mean, variance, from);
    pass.kernels.invstd(invstd, variance, channels, eps);
    normalize(pass, y.address, from, affine);
  }
  const moved = moving === null || count === 0 ? null : move(host, moving, mean, variance, channels);
  return { y: y.take(), statistics: host.doubles(mean, VECTORS * channels).slice(), moved };
}

/** moving = momentum * moving + (1 - momentum) * batch, as new tensors: others may share the data of the old ones. */
function move(host: Host, moving: MovingStatistics, mean: Address, variance: Address, channels: number) {
  const { kernels } = host;
  const olds = [host.input(moving.mean), host.input(moving.variance)];
  const news = [host.output([channels]), host.output([channels])];
  const [mean64, variance64] = [1, 2].map((i) => variance + i * DOUBLE * channels);
  host.doubles(mean64, channels).set(host.floats(olds[0], channels));
  host.doubles(variance64, channels).set(host.floats(olds[1], channels));
  kernels.updateRunning(mean64, variance64, mean, variance, channels, 1 - moving.momentum, 1);
  kernels.toFloat32(news[0].address, mean64, channels);
  kernels.toFloat32(news[1].address, variance64, channels);
  return { mean: news[0].take(), variance: news[1].take() };
}

/**
 * dx = gamma * invstd * (dy - dbeta / m - xhat * dgamma / m), dgamma = sum(dy * xhat), dbeta = sum(dy); the last two only
 * where there is a gamma, or a beta.
 */
export function trainingBackward(
  host: Host,
  dy: TensorInfo,
  [x, gamma, beta]: readonly [TensorInfo, TensorInfo | null, TensorInfo | null],
  statistics: BatchStatistics,
  extents: Extents,
): [dx: TensorInfo, dgamma: TensorInfo | null, dbeta: TensorInfo | null] {
  const { channels, count } = extents;
  const { pass, mean } = begin(host, extents, 2);
  const { kernels, scratch } = pass;
  const invstd = mean + DOUBLE * channels;
  const affine = { mean, invstd, gamma: gamma ? host.input(gamma) : ABSENT, beta: ABSENT };
  const sums = { dgamma: scratch - 2 * DOUBLE * channels, dbeta: scratch - DOUBLE * channels };
  const above = host.input(dy);
  const from = host.input(x);
  const dx = host.output(x.shape);
  const dgamma = gamma && host.output(gamma.shape);
  const dbeta = beta && host.output(beta.shape);
  host.doubles(mean, VECTORS * channels).set(statistics);
  if (count === 0) {
    host.doubles(sums.dgamma, 2 * channels).fill(0);
  } else if (channels > 0) {
    gradientSums(pass, sums, above, from, affine);
    inputGradient(pass, dx.address, above, from, affine, sums);
  }
  if (dgamma) kernels.toFloat32(dgamma.address, sums.dgamma, channels);
  if (dbeta) kernels.toFloat32(dbeta.address, sums.dbeta, channels);
  return [dx.take(), dgamma?.take() ?? null, dbeta?.take() ?? null];
}

/** The gradient of the population variance for x: (x - mean) * 2 / m * dvariance. */
export function varianceBackward(
  host: Host,
  dvariance: ArrayLike<number>,
  x: TensorInfo,
  statistics: BatchStatistics,
  extents: Extents,
): TensorInfo {
  const { channels, count } = extents;
  const { pass, mean } = begin(host, extents, 0);
  const invstd = mean + DOUBLE * channels;
  const from = host.input(x);
  const dx = host.output(x.shape);
  host.doubles(mean, VECTORS * channels).set(statistics);
  // A normalization whose invstd is the factor.
  host.doubles(invstd, channels).set(Float64Array.from(dvariance, (value) => (2 / count) * value));
  if (count > 0 && channels > 0) {
    normalize(pass, dx.address, from, { mean, invstd, gamma: ABSENT, beta: ABSENT });
  }
  return dx.take();
}
