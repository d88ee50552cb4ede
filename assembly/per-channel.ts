import { Check } from "./check";
import { Affine } from "./coefficients";
import { addParts, GradientSums, Moments } from "./sums";
import { Pair, Vector } from "./vector";

/**
 * What is computed per channel alone, in float64, two channels at a time. Between two reads of x there are several lean
 * passes over the channels. One pass that does everything has some twenty arguments and as many live vectors, which do
 * not fit into registers: it made a training forward 1.1 to 1.3 times slower.
 */

/**
 * mean and variance from the sums of all parts; true, and a variance of NaN, where another round has to find it.
 *
 * mean, variance: channels f64; partials: `partialBytes` bytes; x: batch x channels x spatial float32.
 */
export function finishStatistics(
  mean: usize,
  variance: usize,
  partials: usize,
  x: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  round: i32,
): bool {
  Check.extents(batch, channels, spatial);
  Check.floats(batch * channels * spatial, x);
  Check.doubles(channels, mean, variance);
  addParts(partials, batch, channels, spatial);
  const count = batch * spatial;
  const m = f64x2.splat(<f64>count);
  const float64 = Moments.inFloat64(count, round);
  let more = false;
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    if (!Moments.finish(mean, variance, partials, x, m, channels, spatial, float64, round, c, next)) {
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
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    const at = c << 3;
    Running.follow(runningMean + at, Pair.load(mean + at, next), momentum, next);
    const corrected = f64x2.mul(f64x2.splat(correction), Pair.load(variance + at, next));
    Running.follow(runningVar + at, corrected, momentum, next);
  }
}

class Running {
  /** At momentum 1 the old value does not count, not even a NaN. */
  @inline
  static follow(running: usize, batch: v128, momentum: f64, next: usize): void {
    const kept = f64x2.splat(1 - momentum);
    const old = v128.and(f64x2.mul(kept, Pair.load(running, next)), f64x2.ne(kept, Vector.zero(kept)));
    Pair.store(running, f64x2.add(old, f64x2.mul(f64x2.splat(momentum), batch)), next);
  }
}

/** invstd = 1 / sqrt(variance + eps), 0 where that root is 0. Both arrays: channels f64. */
export function invstd(invstd: usize, variance: usize, channels: usize, eps: f64): void {
  Check.doubles(channels, invstd, variance);
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    Pair.store(invstd + (c << 3), Affine.invstd(Pair.load(variance + (c << 3), next), eps), next);
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
  for (let c: usize = 0; c < channels; c += 2) {
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
