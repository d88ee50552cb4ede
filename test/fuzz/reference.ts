/**
 * Batch normalization of one channel, in float64 with compensated sums. It imports nothing, so that it can disagree with
 * the library. Beside each result stands the size of the terms it was summed from, which errors are measured against.
 */

/** Σ values by Neumaier's compensated sum: its error does not grow with their number. */
export function sum(values: Float64Array): number {
  let total = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  // With Infinity or NaN among the values the plain sum is the answer, and the compensation is NaN.
  return Number.isFinite(total) ? total + lost : total;
}

/** Root of the mean square of the finite values. */
export function rms(values: Float64Array): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) squares += values[i] * values[i];
  return Math.sqrt(squares / values.length);
}

export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Population. */
  readonly variance: number;
  /** Σ|x| / m */
  readonly magnitude: number;
}

/** mean = Σx / m, variance = Σ(x - mean)² / m */
export function moments(x: Float64Array): Moments {
  const count = x.length;
  const mean = sum(x) / count;
  const variance = sum(x.map((value) => (value - mean) ** 2)) / count;
  return { count, mean, variance, magnitude: sum(x.map(Math.abs)) / count };
}

/** 1 / sqrt(variance + eps), 0 where the root is 0. */
export function invstdOf(variance: number, eps: number): number {
  const root = Math.sqrt(variance + eps);
  return root === 0 ? 0 : 1 / root;
}

export interface Parameters {
  readonly mean: number;
  readonly invstd: number;
  /** 1 where absent. */
  readonly gamma: number;
  /** 0 where absent. */
  readonly beta: number;
  readonly activation: string;
  /** Added before the activation. */
  readonly residual?: Float64Array | null;
}

/** y of z, and whether dy passes such a y, which a NaN does. */
export const activations: Readonly<Record<string, { of(z: number): number; passes(y: number): boolean }>> = {
  none: { of: (z) => z, passes: () => true },
  relu: { of: (z) => Math.max(z, 0), passes: (y) => !(y <= 0) },
};

export const activationNames: readonly string[] = Object.keys(activations);

export interface Forward {
  readonly xhat: Float64Array;
  readonly y: Float64Array;
  /** |gamma|·rms(xhat) + |beta| + |residual| */
  readonly size: Float64Array;
}

/** y = activation(z), z = gamma·xhat + beta + residual, xhat = (x - mean)·invstd */
export function forward(x: Float64Array, { mean, invstd, gamma, beta, activation, residual }: Parameters): Forward {
  const xhat = x.map((value) => (value - mean) * invstd);
  const z = xhat.map((value, i) => gamma * value + beta + (residual?.[i] ?? 0));
  const common = Math.abs(gamma) * rms(xhat) + Math.abs(beta);
  return {
    xhat,
    y: z.map(activations[activation].of),
    size: x.map((_, i) => common + Math.abs(residual?.[i] ?? 0)),
  };
}

export interface Sums {
  readonly dgamma: number;
  readonly dbeta: number;
  /** Σ|dz·xhat|, and at least |Σdz|·rms(xhat): what the mean's share of the error is a multiple of. */
  readonly dgammaSize: number;
  /** Σ|dz| */
  readonly dbetaSize: number;
}

/** dbeta = Σdz, dgamma = Σdz·xhat. Where invstd is 0 dgamma is 0, even for a dz that is not finite. */
export function gradientSums(dz: Float64Array, xhat: Float64Array, invstd: number): Sums {
  const products = dz.map((value, i) => value * xhat[i]);
  const dbeta = sum(dz);
  return {
    dgamma: invstd === 0 ? 0 : sum(products),
    dbeta,
    dgammaSize: Math.max(finiteSum(products), Math.abs(dbeta) * rms(xhat)),
    dbetaSize: finiteSum(dz),
  };
}

/** Σ|value| over the finite values. */
function finiteSum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) total += Math.abs(values[i]);
  return total;
}

export interface InputGradient {
  readonly values: Float64Array;
  readonly size: Float64Array;
  /**
   * Whether a value is one of NaN and the infinities by the sign of an xhat that is 0 but for rounding: with an infinite
   * dgamma xhat·dgamma is NaN or either infinity then. Such an x is next to the mean, or the float32 nearest to it.
   */
  undecided(i: number): boolean;
}

/**
 * dx = gamma·invstd·(dz - dbeta/m - xhat·dgamma/m); with frozen statistics (sums null) dx = gamma·invstd·dz.
 * `isNearest` says whether x is the float32 nearest to the mean.
 *
 * The size of a value is gamma·invstd times the largest of rms(dz), |dz| and |xhat|·(size of dgamma)/m. The last one
 * matters where an outlier of x meets one of dy: there dz and xhat·dgamma/m cancel, and rms(dz) is much smaller than both.
 */
export function inputGradient(
  dz: Float64Array,
  xhat: Float64Array,
  isNearest: (i: number) => boolean,
  scale: number,
  sums: Sums | null,
  count: number,
): InputGradient {
  const least = rms(dz);
  const slope = sums === null ? 0 : sums.dgammaSize / count;
  const size = dz.map((value, i) => {
    const largest = Math.max(least, Math.abs(value), Math.abs(xhat[i]) * slope);
    return Number.isFinite(largest) ? Math.abs(scale) * largest : 0;
  });
  if (sums === null) return { values: dz.map((value) => scale * value), size, undecided: () => false };
  const { dgamma, dbeta } = sums;
  const values = dz.map((value, i) => scale * (value - dbeta / count - (xhat[i] * dgamma) / count));
  const zero = 1e-6 * rms(xhat);
  return { values, size, undecided: (i) => Math.abs(xhat[i]) <= zero || isNearest(i) };
}

/** (1 - momentum)·running + momentum·batch; the weight 0 leaves a term out, even where it is NaN. */
export function mix(running: number, batch: number, momentum: number): number {
  if (momentum === 0) return running;
  return momentum === 1 ? batch : (1 - momentum) * running + momentum * batch;
}
