import type { FloatTensor } from "./tensor.js";

/** A layer's steps on tensors, without checks. Extents are not empty, and there is scratch for them. */

/** The fused activation: none, or max(y, 0). */
export type Activation = (typeof ACTIVATIONS)[number];
/** The activations in the order of their numbers in the kernels. */
export const ACTIVATIONS = ["none", "relu"] as const;

export type Address = number;
/** The address that means an absent operand. */
export const ABSENT = 0;

/** The per-channel values that turn x into y. gamma and beta may be absent. */
export interface Affine {
  readonly mean: Address;
  readonly invstd: Address;
  readonly gamma: Address;
  readonly beta: Address;
  /** Its number. */
  readonly activation: number;
}

/**
 * The addresses of a layer's per-channel values. The running statistics and the float32 gradients may be absent. They
 * are plain addresses, because each field on the way to one would take 0.5 ns.
 */
export interface LayerAddresses extends Affine {
  readonly variance: Address;
  readonly runningMean: Address;
  readonly runningVar: Address;
  readonly dgamma: Address;
  readonly dbeta: Address;
  readonly dgammaFloats: Address;
  readonly dbetaFloats: Address;
}

/** Computes y by the statistics of x, and updates the running statistics if `follows`. The residual may be absent. */
export function forwardTraining(
  y: FloatTensor,
  x: FloatTensor,
  residual: Address,
  layer: LayerAddresses,
  follows: boolean,
  eps: number,
  momentum: number,
  correction: number,
): void {
  const { kernels, extents } = x;
  kernels.exports.forwardTraining(
    y.address,
    layer.mean,
    layer.variance,
    layer.invstd,
    follows ? layer.runningMean : ABSENT,
    follows ? layer.runningVar : ABSENT,
    x.address,
    residual,
    layer.gamma,
    layer.beta,
    kernels.scratch,
    extents.batch,
    extents.channels,
    extents.spatial,
    eps,
    momentum,
    correction,
    layer.activation,
  );
}

/** Computes y by the running variance and by `mean`, which backward reads, too. The residual may be absent. */
export function forwardInference(
  y: FloatTensor,
  x: FloatTensor,
  residual: Address,
  layer: LayerAddresses,
  eps: number,
): void {
  const { kernels, extents } = x;
  kernels.exports.forwardInference(
    y.address,
    layer.invstd,
    x.address,
    residual,
    layer.mean,
    layer.runningVar,
    layer.gamma,
    layer.beta,
    kernels.scratch,
    extents.batch,
    extents.channels,
    extents.spatial,
    eps,
    layer.activation,
  );
}

/**
 * Computes dx, dgamma and dbeta, and rounds the last two to float32 if `rounds`. `count` is the number of values per
 * channel in the statistics, or 0 if these are constants.
 */
export function backward(
  dx: FloatTensor,
  dy: FloatTensor,
  x: FloatTensor,
  layer: LayerAddresses,
  count: number,
  rounds: boolean,
): void {
  const { kernels, extents } = x;
  kernels.exports.backward(
    dx.address,
    layer.dgamma,
    layer.dbeta,
    rounds ? layer.dgammaFloats : ABSENT,
    rounds ? layer.dbetaFloats : ABSENT,
    dy.address,
    x.address,
    layer.mean,
    layer.invstd,
    layer.gamma,
    layer.beta,
    kernels.scratch,
    extents.batch,
    extents.channels,
    extents.spatial,
    count,
    layer.activation,
  );
}
