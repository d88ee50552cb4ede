import { invstd as findInvstd, toFloat32, updateRunning } from "./channels.js";
import { gradientSums, inputGradient } from "./gradient.js";
import type { Heap } from "./heap.js";
import { normalize } from "./normalize.js";
import { PARTS } from "./parts.js";
import { statistics } from "./statistics.js";

/** A layer's whole step: the phases, one after the other. */

export function forwardTraining(
  h: Heap,
  y: number,
  mean: number,
  variance: number,
  invstd: number,
  runningMean: number,
  runningVar: number,
  x: number,
  residual: number,
  gamma: number,
  beta: number,
  scratch: number,
  batch: number,
  channels: number,
  spatial: number,
  eps: number,
  momentum: number,
  correction: number,
  activation: number,
): void {
  statistics(h, mean, variance, x, scratch, batch, channels, spatial);
  findInvstd(h, invstd, variance, channels, eps);
  if (runningMean) updateRunning(h, runningMean, runningVar, mean, variance, channels, momentum, correction);
  normalize(h, y, x, residual, mean, invstd, gamma, beta, scratch, batch, channels, spatial, activation, 0, PARTS);
}

export function forwardInference(
  h: Heap,
  y: number,
  invstd: number,
  x: number,
  residual: number,
  mean: number,
  variance: number,
  gamma: number,
  beta: number,
  scratch: number,
  batch: number,
  channels: number,
  spatial: number,
  eps: number,
  activation: number,
): void {
  findInvstd(h, invstd, variance, channels, eps);
  normalize(h, y, x, residual, mean, invstd, gamma, beta, scratch, batch, channels, spatial, activation, 0, PARTS);
}

export function backward(
  h: Heap,
  dx: number,
  dgamma: number,
  dbeta: number,
  dgammaFloats: number,
  dbetaFloats: number,
  dy: number,
  x: number,
  mean: number,
  invstd: number,
  gamma: number,
  beta: number,
  scratch: number,
  batch: number,
  channels: number,
  spatial: number,
  count: number,
  activation: number,
): void {
  gradientSums(h, dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial, activation);
  if (dgammaFloats) toFloat32(h, dgammaFloats, dgamma, channels);
  if (dbetaFloats) toFloat32(h, dbetaFloats, dbeta, channels);
  inputGradient(
    h,
    dx,
    dy,
    x,
    mean,
    invstd,
    gamma,
    beta,
    count ? dgamma : 0,
    count ? dbeta : 0,
    scratch,
    batch,
    channels,
    spatial,
    count,
    activation,
    0,
    PARTS,
  );
}
