import { ALL_PARTS } from "./exports.js";
import type { Address, Affine } from "./operations.js";
import type { FloatTensor } from "./tensor.js";

/** The phases of a step on tensors, without checks. Extents are not empty. */

export function statistics(mean: Address, variance: Address, x: FloatTensor): void {
  const { kernels, extents } = x;
  const { batch, channels, spatial } = extents;
  kernels.exports.statistics(mean, variance, x.address, kernels.reserve(extents), batch, channels, spatial);
}

export function invstd(invstd: Address, variance: Address, x: FloatTensor, eps: number): void {
  x.kernels.exports.invstd(invstd, variance, x.extents.channels, eps);
}

/** The residual may be absent. */
export function normalize(y: FloatTensor, x: FloatTensor, residual: Address, affine: Affine): void {
  const { kernels, extents } = x;
  const { batch, channels, spatial } = extents;
  kernels.exports.normalize(
    y.address,
    x.address,
    residual,
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

/**
 * `count` is the number of values per channel in the statistics. If dgamma and dbeta are absent, the statistics are
 * constants.
 */
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

/** dz = dy where the activation passed y, else 0. This is the gradient before the activation. dz may be dy or y. */
export function maskGradient(dz: FloatTensor, dy: FloatTensor, y: FloatTensor, activation: number): void {
  const { batch, channels, spatial } = y.extents;
  y.kernels.exports.maskGradient(dz.address, dy.address, y.address, batch, channels, spatial, activation, 0, ALL_PARTS);
}
