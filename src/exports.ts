/** The binary's contract. */

type Address = number;
type Affine = [mean: Address, invstd: Address, gamma: Address, beta: Address];
type Planes = [scratch: Address, batch: number, channels: number, spatial: number];
type Rows = [scratch: Address, rows: number, channels: number];
type Normalize<Extents extends unknown[]> = (...args: [y: Address, x: Address, ...Affine, ...Extents]) => void;
type GradientSums<Extents extends unknown[]> = (
  ...args: [dgamma: Address, dbeta: Address, dy: Address, x: Address, ...Affine, ...Extents]
) => void;
type InputGradient<Extents extends unknown[]> = (
  ...args: [dx: Address, dy: Address, x: Address, ...Affine, dgamma: Address, dbeta: Address, ...Extents, count: number]
) => void;

/**
 * The kernels, as the binary exports them: pure functions of the memory they were instantiated with. Addresses are in bytes
 * and need no alignment beyond 4; extents are in elements, at least 1. x, y, dy, dx, gamma and beta are float32, mean, variance,
 * invstd, dgamma, dbeta and the running statistics float64, one per channel. gamma and beta may be 0 (absent), and so may
 * dgamma and dbeta of an input gradient (statistics that are constants). y may be x and dx may be dy; nothing else may
 * overlap. Every array ends below 2^32. Planes: `batch` x `channels` planes of `spatial` values; rows: `rows` rows of
 * `channels` values.
 */
export type KernelExports = {
  /** Bytes of scratch that any kernel needs for this many channels, or for fewer. */
  scratchBytes(channels: number): number;
  /** invstd = 1 / sqrt(variance + eps), 0 where that root is 0. */
  invstd(invstd: Address, variance: Address, channels: number, eps: number): void;
  /** running = (1 - momentum) * running + momentum * batch; the variance times `correction` before. */
  updateRunning(
    runningMean: Address,
    runningVar: Address,
    mean: Address,
    variance: Address,
    channels: number,
    momentum: number,
    correction: number,
  ): void;
  /** Rounds `length` float64 values to float32. */
  toFloat32(target: Address, source: Address, length: number): void;
  /** Mean and population variance. */
  statisticsPlanes(...args: [mean: Address, variance: Address, x: Address, ...Planes]): void;
  statisticsRows(...args: [mean: Address, variance: Address, x: Address, ...Rows]): void;
  /** y = (x - mean) * invstd * gamma + beta. */
  normalizePlanes: Normalize<Planes>;
  normalizePlanesRelu: Normalize<Planes>;
  normalizeRows: Normalize<Rows>;
  normalizeRowsRelu: Normalize<Rows>;
  /** dbeta = sum(dy), dgamma = sum(dy * xhat). */
  gradientSumsPlanes: GradientSums<Planes>;
  gradientSumsPlanesRelu: GradientSums<Planes>;
  gradientSumsRows: GradientSums<Rows>;
  gradientSumsRowsRelu: GradientSums<Rows>;
  /** dx = gamma * invstd * (dy - dbeta / count - xhat * dgamma / count). */
  inputGradientPlanes: InputGradient<Planes>;
  inputGradientPlanesRelu: InputGradient<Planes>;
  inputGradientRows: InputGradient<Rows>;
  inputGradientRowsRelu: InputGradient<Rows>;
};
