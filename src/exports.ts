/** The binary's contract. */

/**
 * Changes with every change of the functions below, their arguments or the meaning of these. Loading refuses any other
 * version.
 */
export const CONTRACT_VERSION = 3;

/** An address in bytes, a multiple of 4. 0 means absent where the list below allows it. */
type Address = number;
/** `batch` x `channels` planes of `spatial` values; rows are planes of one value. Each at least 1. */
type Extents = [batch: number, channels: number, spatial: number];
/** Applied after the normalization: its number in ACTIVATIONS of operations.ts, 0 for none. */
type Activation = number;
/** The parts from `begin` to before `end`, of `parts(...)`. A larger `end` means all remaining parts. */
type Range = [begin: number, end: number];
/** An `end` that is larger than the number of parts for any extents. */
export const ALL_PARTS: number = 2 ** 31 - 1;
/** The number of earlier rounds: 0, then 1 if `finish...` asked for another round. */
type Round = number;
/** gamma and beta may be absent: 1 and 0. */
type Affine = [mean: Address, invstd: Address, gamma: Address, beta: Address];
type Running = [runningMean: Address, runningVar: Address];
type Call = [scratch: Address, ...Extents];

/**
 * The kernels, as the binary exports them: pure functions of the memory they were instantiated with. x, y, dy, dx,
 * residual, gamma, beta and their gradients with `Floats` are float32; everything else per channel is float64. No
 * address needs an alignment beyond 4. y may be x or residual, dx may be dy, dz may be dy or y; nothing else may
 * overlap. Every array ends below 2^32. Every call needs its own scratch while it runs, and leaves no result in it.
 */
export type KernelExports = {
  contractVersion(): number;
  /** Bytes of scratch for any kernel over these extents. */
  scratchBytes(...extents: Extents): number;
  /** The number of parts of a phase. Any number of workers can share them, and the results have the same bits. */
  parts(...extents: Extents): number;
  /** Bytes of the sums of all parts, which `finish...` adds up. */
  partialBytes(...extents: Extents): number;

  /** statistics, invstd, updateRunning (unless runningMean and runningVar are absent) and normalize in one call. */
  forwardTraining(
    ...args: [
      ...[y: Address, mean: Address, variance: Address, invstd: Address, ...Running, x: Address, residual: Address],
      ...[gamma: Address, beta: Address, ...Call, eps: number, momentum: number, correction: number, Activation],
    ]
  ): void;
  /** invstd and normalize in one call. */
  forwardInference(
    ...args: [
      ...[y: Address, invstd: Address, x: Address, residual: Address, mean: Address, variance: Address],
      ...[gamma: Address, beta: Address, ...Call, eps: number, Activation],
    ]
  ): void;
  /**
   * gradientSums, inputGradient and, unless dgammaFloats or dbetaFloats are absent, toFloat32 in one call. `count` is 0
   * where the statistics are constants.
   */
  backward(
    ...args: [
      ...[dx: Address, dgamma: Address, dbeta: Address, dgammaFloats: Address, dbetaFloats: Address],
      ...[dy: Address, x: Address, ...Affine, ...Call, count: number, Activation],
    ]
  ): void;

  /** Mean and population variance. */
  statistics(...args: [mean: Address, variance: Address, x: Address, ...Call]): void;
  /** y = activation((x - mean) * invstd * gamma + beta + residual). mean and residual may be absent: 0. */
  normalize(...args: [y: Address, x: Address, residual: Address, ...Affine, ...Call, Activation, ...Range]): void;
  /** dbeta = sum(dy), dgamma = sum(dy * xhat), with dy after the activation's mask. */
  gradientSums(
    ...args: [dgamma: Address, dbeta: Address, dy: Address, x: Address, ...Affine, ...Call, Activation]
  ): void;
  /**
   * dx = gamma * invstd * (dy - dbeta / count - xhat * dgamma / count); without dgamma and dbeta gamma * invstd * dy.
   */
  inputGradient(
    ...args: [
      ...[dx: Address, dy: Address, x: Address, ...Affine, dgamma: Address, dbeta: Address],
      ...[...Call, count: number, Activation, ...Range],
    ]
  ): void;
  /** dz = dy where the activation passed y, else 0: the gradient before the activation, and of a residual. */
  maskGradient(...args: [dz: Address, dy: Address, y: Address, ...Extents, Activation, ...Range]): void;

  /** Sums of some parts of x. `variance` holds what finishStatistics left there; in round 0 it is not read. */
  statisticsPartials(
    ...args: [partials: Address, x: Address, mean: Address, variance: Address, ...Call, Round, ...Range]
  ): void;
  /**
   * Computes mean and variance from the sums of all parts, which it adds up in place, once per round. Returns 1 if a
   * variance is NaN and needs another round, else 0.
   */
  finishStatistics(...args: [mean: Address, variance: Address, partials: Address, ...Extents, Round]): number;
  /** Sums of some parts of dy and dy * (x - mean). dgamma and dbeta hold what finishGradientSums left there. */
  gradientPartials(
    ...args: [
      ...[partials: Address, dy: Address, x: Address, ...Affine, dgamma: Address, dbeta: Address],
      ...[...Call, Activation, Round, ...Range],
    ]
  ): void;
  /** Computes dgamma and dbeta from the sums of all parts. Returns 1 if another round is needed, else 0. */
  finishGradientSums(
    ...args: [dgamma: Address, dbeta: Address, partials: Address, mean: Address, invstd: Address, ...Extents, Round]
  ): number;

  /** invstd = 1 / sqrt(variance + eps), 0 where that root is 0. */
  invstd(invstd: Address, variance: Address, channels: number, eps: number): void;
  /**
   * running = (1 - momentum) * running + momentum * batch, where the variance of the batch is first multiplied by
   * `correction`. Momentum 1 replaces the old values.
   */
  updateRunning(
    ...args: [...Running, mean: Address, variance: Address, channels: number, momentum: number, correction: number]
  ): void;
  /** Rounds `length` float64 values to float32. */
  toFloat32(target: Address, source: Address, length: number): void;
};
