import type { Doubles, FloatTensor } from "./tensor.js";

/**
 * The kernels on tensors: picks planes or rows by the tensor's extents and the instance by the activation. No checks, no
 * allocation but that of the scratch; extents are not empty.
 */

/** What is fused behind the normalization: nothing, or max(y, 0). */
export type Activation = "none" | "relu";
export const ACTIVATIONS: readonly Activation[] = ["none", "relu"];

/** What turns x into y, per channel. */
export interface Affine {
  readonly mean: Doubles;
  readonly invstd: Doubles;
  readonly gamma: FloatTensor | null;
  readonly beta: FloatTensor | null;
  readonly activation: Activation;
}

export interface Sums {
  readonly dgamma: Doubles;
  readonly dbeta: Doubles;
}

const ABSENT = 0;

export function statistics(mean: Doubles, variance: Doubles, x: FloatTensor): void {
  const { planes, batch, channels, spatial, count } = x.extents;
  const { exports } = x.kernels;
  const scratch = x.kernels.scratch(channels);
  if (planes) exports.statisticsPlanes(mean.address, variance.address, x.address, scratch, batch, channels, spatial);
  else exports.statisticsRows(mean.address, variance.address, x.address, scratch, count, channels);
}

export function invstd(invstd: Doubles, variance: Doubles, eps: number): void {
  invstd.kernels.exports.invstd(invstd.address, variance.address, invstd.length, eps);
}

export function normalize(y: FloatTensor, x: FloatTensor, affine: Affine): void {
  const { planes, batch, channels, spatial, count } = x.extents;
  const { exports } = x.kernels;
  const scratch = x.kernels.scratch(channels);
  const relu = affine.activation === "relu";
  const mean = affine.mean.address;
  const invstd = affine.invstd.address;
  const gamma = affine.gamma?.address ?? ABSENT;
  const beta = affine.beta?.address ?? ABSENT;
  if (planes) {
    const kernel = relu ? exports.normalizePlanesRelu : exports.normalizePlanes;
    kernel(y.address, x.address, mean, invstd, gamma, beta, scratch, batch, channels, spatial);
  } else {
    const kernel = relu ? exports.normalizeRowsRelu : exports.normalizeRows;
    kernel(y.address, x.address, mean, invstd, gamma, beta, scratch, count, channels);
  }
}

export function gradientSums({ dgamma, dbeta }: Sums, dy: FloatTensor, x: FloatTensor, affine: Affine): void {
  const { planes, batch, channels, spatial, count } = x.extents;
  const { exports } = x.kernels;
  const scratch = x.kernels.scratch(channels);
  const relu = affine.activation === "relu";
  const mean = affine.mean.address;
  const invstd = affine.invstd.address;
  const gamma = affine.gamma?.address ?? ABSENT;
  const beta = affine.beta?.address ?? ABSENT;
  const sums0 = dgamma.address;
  const sums1 = dbeta.address;
  if (planes) {
    const kernel = relu ? exports.gradientSumsPlanesRelu : exports.gradientSumsPlanes;
    kernel(sums0, sums1, dy.address, x.address, mean, invstd, gamma, beta, scratch, batch, channels, spatial);
  } else {
    const kernel = relu ? exports.gradientSumsRowsRelu : exports.gradientSumsRows;
    kernel(sums0, sums1, dy.address, x.address, mean, invstd, gamma, beta, scratch, count, channels);
  }
}

/** `count`: values per channel behind the statistics. Without sums the statistics are constants. */
export function inputGradient(
  dx: FloatTensor,
  dy: FloatTensor,
  x: FloatTensor,
  affine: Affine,
  sums: Sums | null,
  count: number,
): void {
  const { planes, batch, channels, spatial, count: rows } = x.extents;
  const { exports } = x.kernels;
  const scratch = x.kernels.scratch(channels);
  const relu = affine.activation === "relu";
  const mean = affine.mean.address;
  const invstd = affine.invstd.address;
  const gamma = affine.gamma?.address ?? ABSENT;
  const beta = affine.beta?.address ?? ABSENT;
  const dgamma = sums?.dgamma.address ?? ABSENT;
  const dbeta = sums?.dbeta.address ?? ABSENT;
  const to = dx.address;
  const from = dy.address;
  const at = x.address;
  if (planes) {
    const kernel = relu ? exports.inputGradientPlanesRelu : exports.inputGradientPlanes;
    kernel(to, from, at, mean, invstd, gamma, beta, dgamma, dbeta, scratch, batch, channels, spatial, count);
  } else {
    const kernel = relu ? exports.inputGradientRowsRelu : exports.inputGradientRows;
    kernel(to, from, at, mean, invstd, gamma, beta, dgamma, dbeta, scratch, rows, channels, count);
  }
}

/** running = (1 - momentum) * running + momentum * batch; the variance times `correction` before. */
export function updateRunning(
  runningMean: Doubles,
  runningVar: Doubles,
  mean: Doubles,
  variance: Doubles,
  momentum: number,
  correction: number,
): void {
  const { exports } = mean.kernels;
  const { length } = mean;
  exports.updateRunning(
    runningMean.address,
    runningVar.address,
    mean.address,
    variance.address,
    length,
    momentum,
    correction,
  );
}

export function toFloat32(target: FloatTensor, source: Doubles): void {
  source.kernels.exports.toFloat32(target.address, source.address, source.length);
}
