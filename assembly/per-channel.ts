import { Check } from "./check";
import { Affine } from "./coefficients";
import { GradientSums } from "./gradient-sums";
import { Moments } from "./moments";
import { batchParts } from "./parts";
import { Scratch } from "./scratch";
import { Pair, Vector } from "./vector";

/**
 * What is computed per channel alone, in float64, two channels at a time. Between two reads of x there are several lean
 * passes over the channels. One pass that does everything has some twenty arguments and as many live vectors, which do
 * not fit into registers: it made a training forward 1.1 to 1.3 times slower.
 */

/**
 * Adds the sums of the other parts of the batch to those of the first. A loop over parts within that over the channels
 * would cost each channel as much as all the rest of its statistics. partials: per part two arrays of channels f64.
 */
function addParts(partials: usize, batch: usize, channels: usize, spatial: usize): void {
  const bytes = Scratch.pitch(channels) << 2;
  const end = partials + bytes * batchParts(batch, channels, spatial);
  for (let part = partials + bytes; part < end; part += bytes) {
    // The loop also adds what lies between the arrays and behind them: nobody reads that.
    for (let at: usize = 0; at < bytes; at += 8) {
      store<f64>(partials + at, load<f64>(partials + at) + load<f64>(part + at));
    }
  }
}

/**
 * mean and variance from the sums of all parts; true, and a variance of NaN, where another round has to find it.
 *
 * mean, variance: channels f64; partials: `partialBytes` bytes.
 */
export function finishStatistics(
  mean: usize,
  variance: usize,
  partials: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  round: i32,
): bool {
  Check.extents(batch, channels, spatial);
  Check.doubles(channels, mean, variance);
  addParts(partials, batch, channels, spatial);
  const m = f64x2.splat(<f64>(batch * spatial));
  const float64 = Moments.inFloat64(batch, channels, spatial, round);
  const pivots = Moments.hasPivots(batch, channels, spatial, round)
    ? Scratch.pivots(partials, batch, channels, spatial)
    : 0;
  let more = false;
  let c: usize = round ? 0 : Moments.finishOrdinary(mean, variance, partials, pivots, m, channels, float64);
  for (; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    if (!Moments.finish(mean, variance, partials, pivots, m, channels, float64, round, c, next)) {
      more = true;
    }
  }
  return more;
}

/**
 * running = (1 - momentum) * running + momentum * batch; the variance of the batch is multiplied by `correction` first.
 * All arrays: channels f64.
 */
export function updateRunning(
  runningMean: usize,
  runningVar: usize,
  mean: usize,
  variance: usize,
  channels: usize,
  momentum: f64,
  correction: f64,
): void {
  Check.doubles(channels, runningMean, runningVar, mean, variance);
  if (momentum == 0) return;
  // At momentum 1 the old value does not count, not even a NaN. V8 computes none of these once for the loop by itself.
  const kept = f64x2.splat(1 - momentum);
  const keeps = f64x2.ne(kept, Vector.zero(kept));
  const ofMean = f64x2.splat(momentum);
  const ofVariance = f64x2.splat(momentum * correction);
  const end = channels << 3;
  let at: usize = 0;
  for (; at + 8 < end; at += 16) {
    const m = Running.follow(v128.load(runningMean + at), v128.load(mean + at), kept, keeps, ofMean);
    const v = Running.follow(v128.load(runningVar + at), v128.load(variance + at), kept, keeps, ofVariance);
    v128.store(runningMean + at, m);
    v128.store(runningVar + at, v);
  }
  if (at == end) return;
  const m = Running.follow(v128.load64_zero(runningMean + at), v128.load64_zero(mean + at), kept, keeps, ofMean);
  const v = Running.follow(v128.load64_zero(runningVar + at), v128.load64_zero(variance + at), kept, keeps, ofVariance);
  v128.store64_lane(runningMean + at, m, 0);
  v128.store64_lane(runningVar + at, v, 0);
}

class Running {
  @inline
  static follow(running: v128, batch: v128, kept: v128, keeps: v128, weight: v128): v128 {
    return f64x2.add(v128.and(f64x2.mul(kept, running), keeps), f64x2.mul(weight, batch));
  }
}

/** invstd = 1 / sqrt(variance + eps), 0 where that root is 0. Both arrays: channels f64. */
export function invstd(invstd: usize, variance: usize, channels: usize, eps: f64): void {
  Check.doubles(channels, invstd, variance);
  const one = f64x2.splat(1);
  const epsilon = f64x2.splat(eps);
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    Pair.store(invstd + (c << 3), Affine.invstd(Pair.load(variance + (c << 3), next), epsilon, one), next);
  }
}

/**
 * dgamma and dbeta from the sums of all parts; true, and a dbeta of NaN, where another round has to find them.
 *
 * dgamma, dbeta, mean, invstd: channels f64; partials: `partialBytes` bytes.
 */
export function finishGradientSums(
  dgamma: usize,
  dbeta: usize,
  partials: usize,
  mean: usize,
  invstd: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  round: i32,
): bool {
  Check.extents(batch, channels, spatial);
  Check.doubles(channels, dgamma, dbeta, mean, invstd);
  addParts(partials, batch, channels, spatial);
  const count = f64x2.splat(<f64>(batch * spatial));
  let more = false;
  let c: usize = round ? 0 : GradientSums.finishOrdinary(dgamma, dbeta, partials, mean, invstd, count, channels);
  for (; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    const m = Pair.load(mean + (c << 3), next);
    const i = Pair.load(invstd + (c << 3), next);
    if (!GradientSums.finish(dgamma, dbeta, partials, m, i, count, channels, round, c, next)) more = true;
  }
  return more;
}

/** Rounds `length` f64 values to float32. target: length float32; source: length f64. */
export function toFloat32(target: usize, source: usize, length: usize): void {
  Check.floats(length, target);
  Check.doubles(length, source);
  for (const end = source + (length << 3); source < end; source += 8) {
    store<f32>(target, <f32>load<f64>(source));
    target += 4;
  }
}
