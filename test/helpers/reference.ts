/**
 * Batch normalization as in the textbook: float64, one formula a function, index arithmetic for every layout.
 * Slow and plain on purpose. It imports nothing, so that it can disagree with the library.
 */

export interface Axes {
  readonly size: number;
  readonly batch: number;
  readonly channels: number;
  readonly spatial: number;
  /** Values per channel. */
  readonly count: number;
  channelOf(index: number): number;
  sampleOf(index: number): number;
  /** Position within the sample's spatial extents, row-major. */
  positionOf(index: number): number;
}

export interface ReferenceStatistics {
  readonly count: number;
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
}

export interface ReferenceOptions {
  readonly gamma: ArrayLike<number> | null;
  readonly beta: ArrayLike<number> | null;
  /** Added before the activation. */
  readonly residual?: ArrayLike<number> | null;
  readonly eps: number;
  readonly activation: string;
}

/** y of z, the y before the activation; whether dy passes; the z that y and this change at. */
export interface ReferenceActivation {
  of(z: number): number;
  passes(z: number): boolean;
  readonly kinks: readonly number[];
}

/** In the order of their numbers in the kernels. */
export const activations: Readonly<Record<string, ReferenceActivation>> = {
  none: { of: (z) => z, passes: () => true, kinks: [] },
  relu: { of: (z) => Math.max(z, 0), passes: (z) => z > 0, kinks: [0] },
};

export const activationNames: readonly string[] = Object.keys(activations);

export interface ReferenceSums {
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
}

const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

/** The letters of a layout name its axes in order: the channel axis is where the C is. */
export function axes(shape: readonly number[], layout: string): Axes {
  const axis = layout.indexOf("C");
  const size = product(shape);
  const [batch] = shape;
  const channels = shape[axis];
  const after = product(shape.slice(axis + 1));
  const between = product(shape.slice(1, axis));
  return {
    size,
    batch,
    channels,
    spatial: between * after,
    count: batch * between * after,
    channelOf: (i) => Math.floor(i / after) % channels,
    sampleOf: (i) => Math.floor(i / (between * channels * after)),
    positionOf: (i) => (Math.floor(i / (channels * after)) % between) * after + (i % after),
  };
}

/** Sum of term(i) over each channel's values, compensated (Neumaier): the error does not grow with their number. */
export function channelSums({ size, channels, channelOf }: Axes, term: (i: number) => number): Float64Array {
  const sum = new Float64Array(channels);
  const lost = new Float64Array(channels);
  for (let i = 0; i < size; i++) {
    const c = channelOf(i);
    const t = term(i);
    const s = sum[c] + t;
    lost[c] += Math.abs(sum[c]) >= Math.abs(t) ? sum[c] - s + t : t - s + sum[c];
    sum[c] = s;
  }
  // With Infinity or NaN among the terms the plain sum is the answer and the compensation is Infinity - Infinity.
  return sum.map((s, c) => (Number.isFinite(s) ? s + lost[c] : s));
}

/** mean = Σx / m, variance = Σ(x - mean)² / m (population). */
export function statistics(x: ArrayLike<number>, shape: readonly number[], layout: string) {
  const a = axes(shape, layout);
  const mean = channelSums(a, (i) => x[i]).map((sum) => sum / a.count);
  const variance = channelSums(a, (i) => (x[i] - mean[a.channelOf(i)]) ** 2).map((sum) => sum / a.count);
  return { count: a.count, mean, variance };
}

/** invstd = 1 / sqrt(variance + eps), 0 where variance + eps is 0. */
export function invstd(variance: ArrayLike<number>, eps: number): Float64Array {
  return new Float64Array(variance).map((v) => (v + eps === 0 ? 0 : 1 / Math.sqrt(v + eps)));
}

/** xhat = (x - mean)·invstd */
export function standardize(
  x: ArrayLike<number>,
  shape: readonly number[],
  layout: string,
  { mean, variance }: ReferenceStatistics,
  eps: number,
): Float64Array {
  const { channelOf } = axes(shape, layout);
  const factor = invstd(variance, eps);
  return new Float64Array(x).map((value, i) => (value - mean[channelOf(i)]) * factor[channelOf(i)]);
}

/** y = gamma·xhat + beta + residual before the activation. */
export function preactivation(
  x: ArrayLike<number>,
  shape: readonly number[],
  layout: string,
  batch: ReferenceStatistics,
  { gamma, beta, residual, eps }: ReferenceOptions,
): Float64Array {
  const { channelOf } = axes(shape, layout);
  return standardize(x, shape, layout, batch, eps).map((xhat, i) => {
    const c = channelOf(i);
    return (gamma ? gamma[c] : 1) * xhat + (beta ? beta[c] : 0) + (residual ? residual[i] : 0);
  });
}

/** y, NaN kept. */
export function normalize(
  x: ArrayLike<number>,
  shape: readonly number[],
  layout: string,
  batch: ReferenceStatistics,
  options: ReferenceOptions,
): Float64Array {
  return preactivation(x, shape, layout, batch, options).map(activations[options.activation].of);
}

/** The gradient that reaches the normalization: dy where the activation passes it. */
export function maskedGradient(
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
  shape: readonly number[],
  layout: string,
  batch: ReferenceStatistics,
  options: ReferenceOptions,
): Float64Array {
  const { passes } = activations[options.activation];
  return preactivation(x, shape, layout, batch, options).map((z, i) => (passes(z) ? dy[i] : 0));
}

/** dbeta = Σdy, dgamma = Σ dy·xhat */
export function gradientSums(
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
  shape: readonly number[],
  layout: string,
  batch: ReferenceStatistics,
  options: ReferenceOptions,
): ReferenceSums {
  const a = axes(shape, layout);
  const dz = maskedGradient(dy, x, shape, layout, batch, options);
  const xhat = standardize(x, shape, layout, batch, options.eps);
  return { dgamma: channelSums(a, (i) => dz[i] * xhat[i]), dbeta: channelSums(a, (i) => dz[i]) };
}

/**
 * Training: dx = gamma·invstd·(dy - dbeta/m - xhat·dgamma/m). Frozen statistics (sums null): dx = gamma·invstd·dy.
 */
export function inputGradient(
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
  shape: readonly number[],
  layout: string,
  batch: ReferenceStatistics,
  sums: ReferenceSums | null,
  options: ReferenceOptions,
): Float64Array {
  const { channelOf } = axes(shape, layout);
  const xhat = standardize(x, shape, layout, batch, options.eps);
  const factor = invstd(batch.variance, options.eps);
  return maskedGradient(dy, x, shape, layout, batch, options).map((dz, i) => {
    const c = channelOf(i);
    const scale = (options.gamma ? options.gamma[c] : 1) * factor[c];
    return sums ? scale * (dz - sums.dbeta[c] / batch.count - (xhat[i] * sums.dgamma[c]) / batch.count) : scale * dz;
  });
}

/** running = (1 - momentum)·running + momentum·batch, with the variance m/(m - 1) times the population's if unbiased. */
export function updateRunning(
  running: { mean: ArrayLike<number>; variance: ArrayLike<number> },
  { count, mean, variance }: ReferenceStatistics,
  momentum: number,
  runningVariance: "unbiased" | "population",
) {
  const correction = runningVariance === "unbiased" ? count / (count - 1) : 1;
  const mix = (old: number, batch: number) => (1 - momentum) * old + momentum * batch;
  return {
    mean: Float64Array.from(running.mean, (old, c) => mix(old, mean[c])),
    variance: Float64Array.from(running.variance, (old, c) => mix(old, correction * variance[c])),
  };
}
