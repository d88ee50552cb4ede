import { Scratch } from "./coefficients";
import { reduce } from "./dispatch";
import { statisticsFloat64 } from "./float64";
import { NARROW, spread, widthOf } from "./fold";
import { DEVIATION, RAW, WIDE } from "./ops";
import { Pair, Vector } from "./vector";

/**
 * mean = sum(x) / m, variance = sum((x - mean)^2) / m, the population variance, per channel, as f64; m is the number of
 * values per channel.
 *
 * One read of x: with d = x - p for a pivot p, mean = p + sum(d) / m, variance = sum(d^2) / m - (sum(d) / m)^2. The pivot
 * is 0, which spares a third of the additions, and where that is not reliable the mean found with it, in a second read.
 * Where the second is not reliable either (the squares leave the range of float32, or something is not finite), the
 * channel is summed once more in f64 throughout. All this goes by the channel's own values: no other changes its result.
 */

/**
 * With r = (mean - p)^2 / variance, the subtraction magnifies the errors of the sums by up to 1 + 3 r. They are some 2e-8
 * over noise, so with r up to 4 the variance has a relative error of some 2e-7. The errors of few values do not average
 * out.
 */
const FARTHEST: f64 = 4;
const FARTHEST_OF_FEW: f64 = 0.03125;
const FEW: usize = 256;
/** In f64 the errors of the sums are some 1e-16. */
const FARTHEST_WIDE: f64 = 1048576;
/** With fewer values in a channel of planes, or in all of x, every sum is in f64 throughout. */
const TINY: usize = 64;
/** Mean squares below this may have lost terms to underflow in float32. */
const SMALLEST: f64 = 1e-30;
/** Sums of squares above this may be close to overflow in float32. */
const LARGEST: f64 = 1e36;

/** mean, variance: channels f64; x: batch x channels x spatial float32; scratch: scratchBytes(channels) bytes. */
export function statistics(
  mean: usize,
  variance: usize,
  x: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  const count = batch * spatial;
  const rows = spatial < NARROW;
  const precise = !rows && count < TINY;
  if (!precise) {
    if (sum(rows && count < FEW ? WIDE : RAW, mean, variance, x, scratch, batch, channels, spatial)) return;
    if (!choosePivots(mean, variance, x, scratch, batch, channels, spatial)) return;
    if (sum(DEVIATION, mean, variance, x, scratch, batch, channels, spatial)) return;
  }
  for (let c: usize = 0; c < channels; c++) {
    if (precise || isNaN(load<f64>(variance + (c << 3))))
      statisticsFloat64(mean, variance, x, c, batch, channels, spatial);
  }
}

/** Sums about the pivots; returns whether every variance is found. */
function sum(
  term: i32,
  mean: usize,
  variance: usize,
  x: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): bool {
  const width = widthOf(batch, channels, spatial);
  Scratch.clearSums(scratch, width);
  reduce(term, scratch, x, x, Scratch.coefficients(scratch, width), width, batch, channels, spatial);
  return finish(term, mean, variance, scratch, width, channels, batch * spatial);
}

/**
 * Pivots for the channels whose variance is not found, their means, and NaN for the others. Finds constant channels. Returns
 * whether there is any other.
 */
function choosePivots(
  mean: usize,
  variance: usize,
  x: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): bool {
  const width = widthOf(batch, channels, spatial);
  const pivots = Scratch.coefficients(scratch, width);
  // To the first value of the next plane or row: most channels are not constant by it already.
  const next: usize = batch > 1 ? (channels * spatial) << 2 : 0;
  let left = false;
  for (let c: usize = 0; c < channels; c++) {
    const at = c << 3;
    let pivot: f32 = NaN;
    if (isNaN(load<f64>(variance + at))) {
      const first = x + ((c * spatial) << 2);
      pivot = <f32>load<f64>(mean + at);
      const value = load<f32>(first);
      if (load<f32>(first + next) == value && isConstant(first, next, batch, spatial)) {
        pivot = value;
        store<f64>(variance + at, 0);
      } else {
        left = true;
      }
      store<f64>(mean + at, pivot);
    }
    store<f32>(pivots + (c << 2), pivot);
  }
  spread(pivots, width, channels, spatial);
  return left;
}

/** Whether all values of a channel, from the first one on, are the same finite number; `next` leads to the next plane or row. */
function isConstant(first: usize, next: usize, batch: usize, spatial: usize): bool {
  const value = load<f32>(first);
  if (!isFinite(value)) return false;
  for (; batch; batch--) {
    for (let i: usize = 0; i < spatial; i++) {
      if (load<f32>(first + (i << 2)) != value) return false;
    }
    first += next;
  }
  return true;
}

/**
 * mean and variance from the two sums about the pivots in `mean`, for the channels whose variance is NaN; it stays so where
 * the sums are not reliable. The `first` sums are about 0, and of every channel. Returns whether none is left.
 */
function finish(
  term: i32,
  mean: usize,
  variance: usize,
  sums: usize,
  width: usize,
  channels: usize,
  count: usize,
): bool {
  const toSeconds = Scratch.seconds(0, width);
  const m = f64x2.splat(<f64>count);
  const first = term != DEVIATION;
  const farthest = f64x2.splat(term == WIDE ? FARTHEST_WIDE : count < FEW ? FARTHEST_OF_FEW : FARTHEST);
  // Ones in every bit are NaN too.
  const all = v128.not(Vector.zero(m));
  let found: v128 = all;
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    const at = c << 3;
    const shift = f64x2.div(v128.load(sums + at), m);
    const squares = v128.load(sums + toSeconds + at);
    const meanSquare = f64x2.div(squares, m);
    const square = f64x2.mul(shift, shift);
    const difference = f64x2.sub(meanSquare, square);
    const inRange = v128.and(f64x2.gt(meanSquare, f64x2.splat(SMALLEST)), f64x2.lt(squares, f64x2.splat(LARGEST)));
    const good = v128.and(inRange, f64x2.le(square, f64x2.mul(difference, farthest)));
    const old = first ? all : Pair.load(variance + at, next);
    const pivot = first ? Vector.zero(m) : Pair.load(mean + at, next);
    const done = f64x2.eq(old, old);
    found = v128.and(found, v128.or(good, done));
    Pair.store(mean + at, v128.bitselect(pivot, f64x2.add(pivot, shift), done), next);
    Pair.store(variance + at, v128.bitselect(old, v128.or(difference, v128.not(good)), done), next);
  }
  return i64x2.all_true(found);
}
