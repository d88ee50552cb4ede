import type { TensorInfo } from "@tensorflow/tfjs-core";
import { ALL_PARTS } from "../exports.js";
import { type Extents, isEmpty } from "./extents.js";
import { ABSENT, type Address, type Call, callOf, DOUBLE, type Host, IDENTITY, scratchBytes } from "./host.js";

/**
 * The statistics of a batch: the mean of all channels, then invstd = 1 / sqrt(variance + eps), then the variance. They
 * are float64, so that the backward pass loses nothing, and one array, so that one copy moves them.
 */
export type BatchStatistics = Float64Array;

/** The moving statistics of a layer, float32 of shape [C]. */
export interface MovingStatistics<T extends TensorInfo = TensorInfo> {
  readonly mean: T;
  readonly variance: T;
  /** Weight of the old value. */
  readonly momentum: number;
}

export interface TrainingForward {
  readonly y: TensorInfo;
  readonly statistics: BatchStatistics;
  /** The next moving statistics; null if none were given or the batch is empty. */
  readonly moved: Pick<MovingStatistics, "mean" | "variance"> | null;
}

/** The number of vectors in {@link BatchStatistics}. */
export const VECTORS = 3;

/** The addresses of a computation's per-channel values, in float64. */
interface Room {
  /** The address of the {@link BatchStatistics}. */
  readonly mean: Address;
  readonly invstd: Address;
  readonly variance: Address;
  /** The moving statistics, or dgamma and dbeta. */
  readonly others: readonly [Address, Address];
  readonly call: Call;
}

/** Begins a computation. */
export function begin(host: Host, extents: Extents): Room {
  const vector = DOUBLE * extents.channels;
  const mean = host.begin((VECTORS + 2) * vector + scratchBytes(host, extents));
  const [invstd, variance, third, fourth, scratch] = [1, 2, 3, 4, 5].map((i) => mean + i * vector);
  return { mean, invstd, variance, others: [third, fourth], call: callOf(scratch, extents) };
}

/**
 * y = (x - mean) * invstd * gamma + beta by the statistics of x. All tensors are float32; gamma and beta have shape
 * [C].
 */
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
  const { mean, invstd, variance, others, call } = begin(host, extents);
  const from = host.input(x);
  const parameters = [gamma ? host.input(gamma) : ABSENT, beta ? host.input(beta) : ABSENT] as const;
  const y = host.output(x.shape);
  const moves = moving !== null && count > 0;
  const take = moves ? mover(host, moving, others, channels) : null;
  const running = moves ? others : ([ABSENT, ABSENT] as const);
  const momentum = moves ? 1 - moving.momentum : 0;
  if (isEmpty(extents)) {
    host.doubles(mean, VECTORS * channels).fill(0);
  } else {
    const outputs = [y.address, mean, variance, invstd, ...running] as const;
    host.kernels.forwardTraining(...outputs, from, ABSENT, ...parameters, ...call, eps, momentum, 1, IDENTITY);
  }
  return { y: y.take(), statistics: host.doubles(mean, VECTORS * channels).slice(), moved: take?.() ?? null };
}

/**
 * Copies the moving statistics to `at`, as float64. The returned function makes tensors of the values at `at` when it
 * is called. They are new tensors, because others may share the data of the old ones.
 */
export function mover(host: Host, moving: MovingStatistics, at: readonly [Address, Address], channels: number) {
  const from = [host.input(moving.mean), host.input(moving.variance)];
  const to = [host.output([channels]), host.output([channels])];
  for (const i of [0, 1]) host.doubles(at[i], channels).set(host.floats(from[i], channels));
  return () => {
    for (const i of [0, 1]) host.kernels.toFloat32(to[i].address, at[i], channels);
    return { mean: to[0].take(), variance: to[1].take() };
  };
}

/**
 * dx = gamma * invstd * (dy - dbeta / m - xhat * dgamma / m), dgamma = sum(dy * xhat), dbeta = sum(dy); the last two
 * only if there is a gamma or a beta.
 */
export function trainingBackward(
  host: Host,
  dy: TensorInfo,
  [x, gamma, beta]: readonly [TensorInfo, TensorInfo | null, TensorInfo | null],
  statistics: BatchStatistics,
  extents: Extents,
): [dx: TensorInfo, dgamma: TensorInfo | null, dbeta: TensorInfo | null] {
  const { channels, count } = extents;
  const { mean, invstd, others, call } = begin(host, extents);
  const scale = gamma ? host.input(gamma) : ABSENT;
  const above = host.input(dy);
  const from = host.input(x);
  const dx = host.output(x.shape);
  const sums = [gamma && host.output(gamma.shape), beta && host.output(beta.shape)];
  const [dgamma, dbeta] = sums.map((sum) => sum?.address ?? ABSENT);
  host.doubles(mean, VECTORS * channels).set(statistics);
  if (isEmpty(extents)) {
    for (const address of [dgamma, dbeta]) if (address !== ABSENT) host.floats(address, channels).fill(0);
  } else {
    const outputs = [dx.address, ...others, dgamma, dbeta] as const;
    host.kernels.backward(...outputs, above, from, mean, invstd, scale, ABSENT, ...call, count, IDENTITY);
  }
  return [dx.take(), sums[0]?.take() ?? null, sums[1]?.take() ?? null];
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
  const { mean, invstd, call } = begin(host, extents);
  const from = host.input(x);
  const dx = host.output(x.shape);
  host.doubles(mean, VECTORS * channels).set(statistics);
  // A normalization whose invstd is the factor.
  host.doubles(invstd, channels).set(Float64Array.from(dvariance, (value) => (2 / count) * value));
  if (!isEmpty(extents)) {
    const affine = [mean, invstd, ABSENT, ABSENT] as const;
    host.kernels.normalize(dx.address, from, ABSENT, ...affine, ...call, IDENTITY, 0, ALL_PARTS);
  }
  return dx.take();
}
