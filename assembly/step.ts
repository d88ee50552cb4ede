import { Check } from "./check";
import { affineChannels, gradientChannels } from "./coefficients";
import { canStore } from "./dispatch";
import { widthOf } from "./fold";
import { applyGradient, reduceGradient } from "./gradient";
import { applyAffine, normalize } from "./normalize";
import { ALL } from "./parts";
import { finishGradientSums, finishStatistics, toFloat32, updateRunning } from "./per-channel";
import { AFFINE, IN_FLOAT64, Scratch, spreadCoefficients } from "./scratch";
import { statisticsPartials } from "./statistics";

/**
 * A layer's whole step in one call: the phases, one after the other, with the same results bit by bit.
 */

/**
 * Mean and population variance; see statistics.ts. mean, variance: channels f64; x: batch x channels x spatial float32.
 */
export function statistics(
  mean: usize,
  variance: usize,
  x: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  forwardTraining(0, mean, variance, 0, 0, 0, x, 0, 0, 0, scratch, batch, channels, spatial, 0, 0, 0, 0);
}

/**
 * statistics, invstd, updateRunning (unless the running statistics are 0, absent) and normalize.
 *
 * y, x, residual: batch x channels x spatial float32; gamma, beta: channels float32; the others: channels f64.
 * residual, gamma and beta may be 0 (absent).
 */
export function forwardTraining(
  y: usize,
  mean: usize,
  variance: usize,
  invstd: usize,
  runningMean: usize,
  runningVar: usize,
  x: usize,
  residual: usize,
  gamma: usize,
  beta: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  eps: f64,
  momentum: f64,
  correction: f64,
  activation: i32,
): void {
  Check.extents(batch, channels, spatial);
  Check.step(batch * channels * spatial, y, x, residual);
  Check.doubles(channels, mean, variance, runningMean, runningVar);
  Check.floats(channels, gamma, beta);
  const width = widthOf(batch, channels, spatial);
  const pitch = Scratch.pitch(width);
  const partials = Scratch.partials(scratch, pitch);
  let round = 0;
  do statisticsPartials(partials, x, mean, variance, scratch, batch, channels, spatial, round, 0, ALL);
  while (finishStatistics(mean, variance, partials, batch, channels, spatial, round++));
  if (!y) return;
  if (runningMean) updateRunning(runningMean, runningVar, mean, variance, channels, momentum, correction);
  const beyond = affineChannels(mean, invstd, variance, gamma, beta, scratch, pitch, eps, 0, channels);
  applyAffine(y, x, residual, scratch, width, beyond, batch, channels, spatial, activation, 0, ALL);
}

/** invstd and normalize. Arrays as above. */
export function forwardInference(
  y: usize,
  invstd: usize,
  x: usize,
  residual: usize,
  mean: usize,
  variance: usize,
  gamma: usize,
  beta: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  eps: f64,
  activation: i32,
): void {
  Check.extents(batch, channels, spatial);
  Check.step(batch * channels * spatial, y, x, residual);
  Check.doubles(channels, mean, variance, invstd);
  Check.floats(channels, gamma, beta);
  const width = widthOf(batch, channels, spatial);
  const pitch = Scratch.pitch(width);
  const beyond = affineChannels(mean, invstd, variance, gamma, beta, scratch, pitch, eps, 0, channels);
  applyAffine(y, x, residual, scratch, width, beyond, batch, channels, spatial, activation, 0, ALL);
}

/** dbeta = sum(dy), dgamma = sum(dy * xhat), dy behind the activation; see gradient.ts. Arrays as below. */
export function gradientSums(
  dgamma: usize,
  dbeta: usize,
  dy: usize,
  x: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  activation: i32,
): void {
  // biome-ignore format: the arguments of one function
  backward(
    0, dgamma, dbeta, 0, 0, dy, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial, 0, activation,
  );
}

/**
 * gradientSums, inputGradient and toFloat32 of dgamma and dbeta. With a count of 0 the statistics are constants.
 *
 * dx, dy, x: batch x channels x spatial float32; dgammaFloats, dbetaFloats, gamma, beta: channels float32, or 0
 * (absent); dgamma, dbeta, mean, invstd: channels f64.
 */
export function backward(
  dx: usize,
  dgamma: usize,
  dbeta: usize,
  dgammaFloats: usize,
  dbetaFloats: usize,
  dy: usize,
  x: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  count: f64,
  activation: i32,
): void {
  Check.extents(batch, channels, spatial);
  Check.step(batch * channels * spatial, dx, dy, x);
  Check.doubles(channels, dgamma, dbeta, mean, invstd);
  Check.floats(channels, gamma, beta);
  Check.floats(channels, dgammaFloats, dbetaFloats);
  const width = widthOf(batch, channels, spatial);
  const pitch = Scratch.pitch(width);
  const partials = Scratch.partials(scratch, pitch);
  const beyond = affineChannels(mean, invstd, 0, gamma, beta, scratch, pitch, 0, 0, channels);
  spreadCoefficients(AFFINE | (beyond ? IN_FLOAT64 : 0), scratch, width, channels, spatial);
  // The mask is found once: from then on dx holds dy behind the activation.
  const passed = activation && count && !beyond && canStore(batch, channels, spatial, width) ? dx : 0;
  let round = 0;
  // biome-ignore format: the arguments of one function
  do reduceGradient(
    partials, dy, x, passed, dbeta, scratch, width, beyond, batch, channels, spatial, activation, round, 0, ALL,
  );
  while (finishGradientSums(dgamma, dbeta, partials, mean, invstd, batch, channels, spatial, round++));
  if (!dx) return;
  if (dgammaFloats) toFloat32(dgammaFloats, dgamma, channels);
  if (dbetaFloats) toFloat32(dbetaFloats, dbeta, channels);
  if (passed) {
    dy = passed;
    activation = 0;
  }
  if (!count && !activation) {
    normalize(dx, dy, 0, 0, invstd, gamma, 0, scratch, batch, channels, spatial, 0, 0, ALL);
    return;
  }
  const sums = count ? dgamma : 0;
  // biome-ignore format: the arguments of one function
  const all = gradientChannels(
    sums, dbeta, mean, invstd, gamma, beta, scratch, pitch, count, beyond, 0, channels,
  );
  applyGradient(dx, dy, x, scratch, width, all, batch, channels, spatial, activation, 0, ALL);
}
