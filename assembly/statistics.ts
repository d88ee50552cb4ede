import { MEAN, Scratch } from "./coefficients";
import { firstOfRuns, NARROW, spread, unfold, widthOf } from "./fold";
import * as planes from "./planes";
import { statisticsPrecisely } from "./precise";
import * as rows from "./rows";
import { Pair, Vector } from "./vector";

/**
 * mean = sum(x) / m, variance = sum((x - mean)^2) / m, the population variance, per channel, as f64; m is the number of
 * values a channel.
 *
 * One read of x: with d = x - p for a pivot p taken from the channel's first values,
 * mean = p + sum(d) / m, variance = sum(d^2) / m - (sum(d) / m)^2. Where that is not reliable (the pivot lies far from
 * the mean, or the squares leave the range of float32) the channel is summed once more in f64 throughout.
 */

/**
 * With r = (mean - p)^2 / variance, the subtraction magnifies the error of the sums by 1 + r. Over terms of like size that
 * is at most 4.8e-7 (sixteen terms in a float32 lane, each addition off by half a unit in the same direction; some 2e-8
 * over noise), so with r up to 1 (`near` below) the variance keeps a relative error below 1e-6. A pivot that is the mean
 * of sixteen values has r = 1/16 on average over noise; above 1 (one channel in 16,000) the f64 sums take over, and so
 * they do where the pivot or a sum is not finite.
 */
const SAMPLES: usize = 16;
/** Sums of squares below or above this may have lost terms to underflow or overflow in float32. */
const SMALLEST: f64 = 1e-30;
const LARGEST: f64 = 1e36;

@unmanaged
class Deviation {
  @inline
  slots(): i32 {
    return 1 << MEAN;
  }

  @inline
  readsB(): bool {
    return false;
  }

  @inline
  first(x: v128, _b: v128, pivot: v128, _k1: v128, _k2: v128): v128 {
    return f32x4.sub(x, pivot);
  }

  @inline
  second(first: v128, _x: v128, _k0: v128): v128 {
    return f32x4.mul(first, first);
  }
}

/** mean and variance of `batch` x `channels` planes of `spatial` values. */
export function statisticsPlanes(
  mean: usize,
  variance: usize,
  x: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  const width = widthOf(batch, channels, spatial);
  const pivots = Scratch.coefficients(scratch, width);
  Scratch.clearSums(scratch, width);
  if (spatial < NARROW) {
    sampleRows(pivots, x, channels * spatial, samples(batch));
    firstOfRuns(pivots, channels, spatial);
    spread(pivots, width, channels, spatial, 1);
    rows.reduce<Deviation>(scratch, x, x, pivots, batch * channels * spatial, width);
    unfold(scratch, width, channels, spatial);
    unfold(Scratch.second(scratch, width), width, channels, spatial);
    firstOfRuns(pivots, channels, spatial);
  } else {
    for (let c: usize = 0; c < channels; c++) {
      samplePlane(pivots + (c << 2), x + ((c * spatial) << 2), samples(spatial));
    }
    planes.reduce<Deviation>(scratch, x, x, pivots, batch, channels, spatial);
  }
  if (finish(mean, variance, scratch, pivots, width, channels, batch * spatial)) return;
  for (let c: usize = 0; c < channels; c++) {
    const found = load<f64>(variance + (c << 3));
    if (isNaN(found)) statisticsPrecisely(mean, variance, x, c, batch, channels, spatial);
  }
}

/** How many values of `count` to sample: a power of two (the division by it is exact), at most a quarter from 4 on. */
function samples(count: usize): usize {
  return 1 << (31 - clz(<u32>min(SAMPLES, (count + 3) >> 2)));
}

/** The mean of the plane's first `count` values. */
function samplePlane(pivot: usize, x: usize, count: usize): void {
  let sum: f32 = 0;
  for (const end = x + (count << 2); x < end; x += 4) sum += load<f32>(x);
  store<f32>(pivot, sum / <f32>count);
}

/** The means of the first `count` rows; row by row, for columns would share no line of the cache. */
function sampleRows(pivots: usize, x: usize, columns: usize, count: usize): void {
  const weight = f32x4.splat(1 / <f32>count);
  memory.fill(pivots, 0, columns << 2);
  for (; count; count--) {
    for (let j: usize = 0; j < columns; j += 4) {
      const values = Vector.load(x + (j << 2), min(columns - j, 4));
      const at = pivots + (j << 2);
      v128.store(at, f32x4.add(v128.load(at), f32x4.mul(values, weight)));
    }
    x += columns << 2;
  }
}

/** mean and variance from the two sums; returns whether all are reliable. */
function finish(
  mean: usize,
  variance: usize,
  sums: usize,
  pivots: usize,
  width: usize,
  channels: usize,
  count: usize,
): bool {
  const m = f64x2.splat(<f64>count);
  let reliable = v128.not(Vector.zero(m));
  for (let c: usize = 0; c < channels; c += 2) {
    const left = channels - c;
    const sum = Pair.load(sums + (c << 3), left);
    const squares = Pair.load(Scratch.second(sums, width) + (c << 3), left);
    const shift = f64x2.div(sum, m);
    const square = f64x2.mul(shift, shift);
    const found = f64x2.sub(f64x2.div(squares, m), square);
    const inRange = v128.and(f64x2.gt(squares, f64x2.splat(SMALLEST)), f64x2.lt(squares, f64x2.splat(LARGEST)));
    const near = f64x2.le(square, found);
    // A channel that equals its pivot throughout: both sums are exactly 0.
    const constant = f64x2.eq(v128.or(sum, squares), Vector.zero(sum));
    const good = v128.or(v128.and(inRange, near), constant);
    // With an odd number of channels the last lane is that of a constant channel: both its sums are 0.
    reliable = v128.and(reliable, good);
    Pair.store(mean + (c << 3), f64x2.add(Pair.loadFloats(pivots + (c << 2), left), shift), left);
    // NaN, where the variance is to be found again.
    Pair.store(variance + (c << 3), v128.or(found, v128.not(good)), left);
  }
  return i64x2.all_true(reliable);
}
