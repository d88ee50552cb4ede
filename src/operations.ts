import { ALL_PARTS } from "./exports.js";
import type { FloatTensor } from "./tensor.js";

/** The kernels on tensors, without checks. Extents are not empty; a layer's steps come when there is scratch for them. */

/** What is fused behind the normalization: nothing, or max(y, 0). */
export type Activation = "none" | "relu";
/** In the order of their numbers in the kernels. */
export const ACTIVATIONS: readonly Activation[] = ["none", "relu"];

type Address = number;
/** The address of what is absent. */
export const ABSENT = 0;

/** What turns x into y, per channel; gamma and beta may be absent. */
export interface Affine {
  readonly mean: Address;
  readonly invstd: Address;
  readonly gamma: Address;
  readonly beta: Address;
  /** Its number. */
  readonly activation: number;
}

/**
 * Where a layer has its values per channel; the running statistics and the gradients in float32 may be absent. Addresses, because
 * each field that leads to one would take half a nanosecond.
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

/** y by the statistics of x, which the running ones follow if `follows`. */
export function forwardTraining(
  y: FloatTensor,
  x: FloatTensor,
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
    ABSENT,
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

/** y by the running variance and by `mean`, which backward reads too. */
export function forwardInference(y: FloatTensor, x: FloatTensor, layer: LayerAddresses, eps: number): void {
  const { kernels, extents } = x;
  kernels.exports.forwardInference(
    y.address,
    layer.invstd,
    x.address,
    ABSENT,
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

/** dx, dgamma and dbeta. `count`: values per channel behind the statistics, 0 where these are constants. */
export function backward(dx: FloatTensor, dy: FloatTensor, x: FloatTensor, layer: LayerAddresses, count: number): void {
  const { kernels, extents } = x;
  kernels.exports.backward(
    dx.address,
    layer.dgamma,
    layer.dbeta,
    layer.dgammaFloats,
    layer.dbetaFloats,
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

export function statistics(mean: Address, variance: Address, x: FloatTensor): void {
  const { kernels, extents } = x;
  const { batch, channels, spatial } = extents;
  kernels.exports.statistics(mean, variance, x.address, kernels.reserve(extents), batch, channels, spatial);
}

export function invstd(invstd: Address, variance: Address, x: FloatTensor, eps: number): void {
  x.kernels.exports.invstd(invstd, variance, x.extents.channels, eps);
}

export function normalize(y: FloatTensor, x: FloatTensor, affine: Affine): void {
  const { kernels, extents } = x;
  const { batch, channels, spatial } = extents;
  kernels.exports.normalize(
    y.address,
    x.address,
    ABSENT,
    affine.mean,
    affine.invstd,
    affine.gamma,
    affine.beta,
    kernels.reserve(extents),
    batch,
    channels,
    spatial,
    affine.activation,
    0,
    ALL_PARTS,
  );
}

export function gradientSums(dgamma: Address, dbeta: Address, dy: FloatTensor, x: FloatTensor, affine: Affine): void {
  const { kernels, extents } = x;
  const { batch, channels, spatial } = extents;
  kernels.exports.gradientSums(
    dgamma,
    dbeta,
    dy.address,
    x.address,
    affine.mean,
    affine.invstd,
    affine.gamma,
    affine.beta,
    kernels.reserve(extents),
    batch,
    channels,
    spatial,
    affine.activation,
  );
}

/** `count`: values per channel behind the statistics. With dgamma and dbeta absent the statistics are constants. */
export function inputGradient(
  dx: FloatTensor,
  dy: FloatTensor,
  x: FloatTensor,
  affine: Affine,
  dgamma: Address,
  dbeta: Address,
  count: number,
): void {
  const { kernels, extents } = x;
  const { batch, channels, spatial } = extents;
  kernels.exports.inputGradient(
    dx.address,
    dy.address,
    x.address,
    affine.mean,
    affine.invstd,
    affine.gamma,
    affine.beta,
    dgamma,
    dbeta,
    kernels.reserve(extents),
    batch,
    channels,
    spatial,
    count,
    affine.activation,
    0,
    ALL_PARTS,
  );
}
