import { Check } from "./check";
import {
  Affine,
  Extremes,
  FLOAT64,
  FLOAT64_Y,
  Gradient,
  LARGEST,
  OFFSET,
  OFFSET64,
  SCALE64,
  Scratch,
  SHIFT64,
  SLOPE,
  SLOPE64,
  SMALLEST_GRADIENT,
  SMALLEST_SCALE,
} from "./coefficients";
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

/**
 * The affine coefficients of the channels in [from, to). With a variance, invstd is computed from it and stored.
 * Returns whether there are channels whose coefficients float32 does not hold.
 *
 * mean, invstd, variance: channels f64; gamma, beta: channels float32; mean, variance, gamma and beta may be 0
 * (absent). scratch: coefficients, those in float64 with `pitch`.
 */
export function affineChannels(
  mean: usize,
  invstd: usize,
  variance: usize,
  gamma: usize,
  beta: usize,
  scratch: usize,
  pitch: usize,
  eps: f64,
  from: usize,
  to: usize,
): bool {
  let smallest = f64x2.splat(1);
  let largest = smallest;
  for (let c = from & ~1; c < to; c += 2) {
    const next: usize = to - c > 1 ? 1 : 0;
    const at = c << 3;
    if (variance) Pair.store(invstd + at, Affine.invstd(Pair.load(variance + at, next), eps), next);
    const m = mean ? Pair.load(mean + at, next) : f64x2.splat(0);
    const scale = Affine.scale(Pair.load(invstd + at, next), gamma, c, next);
    const shift = Affine.shift(m, scale, beta, c, next);
    smallest = Extremes.smaller(smallest, scale);
    largest = Extremes.larger(Extremes.larger(Extremes.larger(largest, scale), shift), m);
    Affine.store(Scratch.column(scratch, c), m, scale, shift);
  }
  if (!v128.any_true(Extremes.areBeyond(smallest, largest))) return false;
  return float64Coefficients(mean, invstd, gamma, beta, 0, 0, scratch, pitch, 0, from, to);
}

/**
 * FLOAT64, FLOAT64_Y, and the coefficients before they are rounded; with a dgamma those of dx, too, where `inverse` is
 * 1 / m. Returns whether there is a channel that float32 does not hold. Arrays as above; dgamma, dbeta: channels f64.
 */
function float64Coefficients(
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  dgamma: usize,
  dbeta: usize,
  scratch: usize,
  pitch: usize,
  inverse: f64,
  from: usize,
  to: usize,
): bool {
  let any = 0;
  for (let c = from; c < to; c++) {
    const at = c << 3;
    const m = mean ? load<f64>(mean + at) : 0;
    const low = m - <f64>(<f32>m);
    const i = load<f64>(invstd + at);
    const scale = gamma ? i * <f64>load<f32>(gamma + (c << 2)) : i;
    const shift = (beta ? <f64>load<f32>(beta + (c << 2)) : -0.0) - low * scale;
    const ofY = isBeyond(scale, SMALLEST_SCALE) | isBeyond(shift, 0) | isBeyond(m, 0) | i32(abs(shift) == Infinity);
    let beyond = ofY;
    let slope: f64 = 0;
    let offset: f64 = 0;
    if (dgamma) {
      const part = load<f64>(dgamma + at) * inverse;
      slope = i * part;
      offset = load<f64>(dbeta + at) * inverse;
      if (isFinite(slope)) offset -= low * slope;
      beyond |=
        isBeyond(part, SMALLEST_GRADIENT) | isBeyond(slope, SMALLEST_GRADIENT) | isBeyond(offset, SMALLEST_GRADIENT);
    }
    const wide = Scratch.wide(scratch, pitch) + at;
    store<f64>(wide + 2 * pitch * SCALE64, scale);
    store<f64>(wide + 2 * pitch * SHIFT64, shift);
    store<f64>(wide + 2 * pitch * OFFSET64, offset);
    store<f64>(wide + 2 * pitch * SLOPE64, slope);
    const column = Scratch.column(scratch, c);
    store<i32>(column, beyond ? -1 - <i32>c : 0, 16 * FLOAT64);
    store<i32>(column + Scratch.toSecond(pitch), ofY, 16 * FLOAT64_Y);
    any |= beyond;
  }
  return any != 0;
}

/** 1 where float32 does not hold a finite value, else 0. */
function isBeyond(value: f64, smallest: f64): i32 {
  const size = abs(value);
  return (i32(size > LARGEST) & i32(size < Infinity)) | (i32(size < smallest) & i32(size != 0));
}

/**
 * OFFSET and SLOPE of the channels in [from, to); with dgamma 0 (absent) the statistics are constants, and both are 0.
 * `beyond` is what affineChannels has returned. Returns the same of all coefficients. Arrays as above.
 */
export function gradientChannels(
  dgamma: usize,
  dbeta: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  scratch: usize,
  pitch: usize,
  count: f64,
  beyond: bool,
  from: usize,
  to: usize,
): bool {
  const inverse = 1 / count;
  const factor = f64x2.splat(inverse);
  let smallest = f64x2.splat(1);
  let largest = smallest;
  for (let c = from & ~1; c < to; c += 2) {
    const next: usize = to - c > 1 ? 1 : 0;
    const at = c << 3;
    let slope = f64x2.splat(0);
    let offset = slope;
    if (dgamma) {
      const part = f64x2.mul(Pair.load(dgamma + at, next), factor);
      slope = f64x2.mul(Pair.load(invstd + at, next), part);
      offset = Gradient.offset(Pair.load(mean + at, next), Pair.load(dbeta + at, next), slope, factor);
      smallest = Extremes.smaller(Extremes.smaller(Extremes.smaller(smallest, part), slope), offset);
      largest = Extremes.larger(Extremes.larger(Extremes.larger(largest, part), slope), offset);
    }
    const column = Scratch.column(scratch, c) + Scratch.toSecond(pitch);
    Pair.storeFloats(column + 16 * OFFSET, offset);
    Pair.storeFloats(column + 16 * SLOPE, slope);
  }
  if (!beyond && !v128.any_true(Extremes.areBeyondGradient(smallest, largest))) return false;
  return float64Coefficients(mean, invstd, gamma, beta, dgamma, dbeta, scratch, pitch, inverse, from, to);
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
