import { Scratch } from "./scratch";
import { Pair, Vector } from "./vector";

/** Mean and variance from the sums of all parts, two channels at a time. */

/** The errors of fewer values per channel than these do not average out. */
const FEW: usize = 256;
/**
 * From so many rows to `FEW`, of so many columns or more in whole vectors, values are summed in float32 about a pivot: a
 * forward takes 0.95 of the time at 24 x 48, and 0.75 at 250 x 48 and at 32 x 4096. Others of few values are summed in
 * float64, which takes any number of rows together.
 */
const ROWS_WITH_PIVOT: usize = 24;
const COLUMNS_WITH_PIVOT: usize = 48;
/**
 * With r = (mean - pivot)^2 / variance, the subtraction magnifies the errors of the sums. Those of float32 are about
 * 2e-8 over noise, so with r up to 2 the variance has a relative error of about 1e-7. By an estimate, 4 % of the
 * channels are beyond where a convolution with random weights reads what a ReLU left.
 *
 * The worst case, over values whose errors do not average out: a lane of float32 adds 16 trees of four values. Each
 * addition errs by up to u = 2^-24 of its result, so the first sum errs by up to 17 u of the sum of sizes, and the
 * second, with the rounding of a product, by 18 u. The variance then errs by up to
 * 18 u (1 + r) + 34 u sqrt(r (1 + r)): 1.1e-6 at a mean of 0, and 8.2e-6 at r = 2.
 */
const FARTHEST: f64 = 2;
/**
 * The same about a pivot. A lane adds 8 trees of eight values, each of which is rounded when the pivot is subtracted:
 * 13 u (1 + r) + 22 u sqrt(r (1 + r)) is 7.8e-7 at r = 0 and 7.6e-6 at r = 3. About the mean of 8 rows r is 1 / 8 on
 * average over noise, and beyond 3 in one channel of a million.
 */
const FARTHEST_FROM_PIVOT: f64 = 3;
/**
 * The errors of float64 are below 1e-11 where a million equal values are added one after the other, and 1e-14 for few
 * values.
 */
const FARTHEST64: f64 = 1024;
const FARTHEST64_OF_FEW: f64 = 1048576;
/** Mean squares below this may have lost terms to underflow in float32. */
const SMALLEST: f64 = 1e-30;
/** Sums of squares above this may be close to overflow in float32. */
const LARGEST: f64 = 1e36;

/** Mean and variance. */
export class Moments {
  /** Whether a round sums about pivots other than 0. */
  @inline
  static hasPivots(batch: usize, channels: usize, spatial: usize, round: i32): bool {
    if (round) return true;
    const isWide = spatial == 1 && channels >= COLUMNS_WITH_PIVOT && !(channels & 3);
    return isWide && batch >= ROWS_WITH_PIVOT && batch < FEW;
  }

  /** Whether a round sums all that it sums in float64. */
  @inline
  static inFloat64(batch: usize, channels: usize, spatial: usize, round: i32): bool {
    return round > 0 || (batch * spatial < FEW && !Moments.hasPivots(batch, channels, spatial, 0));
  }

  /**
   * Round 0 for all channels but the last of an odd number, if none of them needs another round: a lean loop, since that
   * is so in most calls. Returns how many channels are done, 0 if one needs another round. Arguments as below.
   */
  static finishOrdinary(
    mean: usize,
    variance: usize,
    partials: usize,
    pivots: usize,
    m: v128,
    channels: usize,
    float64: bool,
  ): usize {
    const toSeconds = Scratch.seconds(0, Scratch.pitch(channels));
    const smallest = f64x2.splat(float64 ? -1 : SMALLEST);
    const largest = f64x2.splat(float64 ? Infinity : LARGEST);
    const farthest = f64x2.splat(float64 ? FARTHEST64_OF_FEW : pivots ? FARTHEST_FROM_PIVOT : FARTHEST);
    let good = i64x2.splat(-1);
    const even = channels & ~1;
    for (let at: usize = 0; at < even << 3; at += 16) {
      const squares = v128.load(partials + toSeconds + at);
      let shift = f64x2.div(v128.load(partials + at), m);
      const meanSquare = f64x2.div(squares, m);
      const square = f64x2.mul(shift, shift);
      const found = f64x2.sub(meanSquare, square);
      good = v128.and(good, v128.and(f64x2.gt(meanSquare, smallest), f64x2.lt(squares, largest)));
      good = v128.and(good, f64x2.le(square, f64x2.mul(found, farthest)));
      if (pivots) shift = f64x2.add(shift, Vector.low(v128.load64_zero(pivots + (at >> 1))));
      v128.store(mean + at, shift);
      v128.store(variance + at, found);
    }
    return i64x2.bitmask(good) == 3 ? even : 0;
  }

  /**
   * Writes both for channel c and, if `next` is 1, for the one behind it; the variance as NaN where it needs another
   * round. Returns whether neither channel does.
   *
   * mean, variance: channels f64; partials: two arrays of channels f64; pivots: channels float32, or 0 (absent).
   */
  @inline
  static finish(
    mean: usize,
    variance: usize,
    partials: usize,
    pivots: usize,
    m: v128,
    channels: usize,
    float64: bool,
    round: i32,
    c: usize,
    next: usize,
  ): bool {
    const at = c << 3;
    const pitch = Scratch.pitch(channels);
    const squares = Pair.load(Scratch.seconds(partials, pitch) + at, next);
    let shift = f64x2.div(Pair.load(partials + at, next), m);
    const meanSquare = f64x2.div(squares, m);
    const square = f64x2.mul(shift, shift);
    let found = f64x2.sub(meanSquare, square);
    let good = i64x2.splat(-1);
    if (pivots) shift = f64x2.add(shift, Pair.loadFloats(pivots + (c << 2), next));
    if (float64) {
      // pmax keeps a NaN as its first argument.
      found = f64x2.pmax(found, Vector.zero(found));
      if (round < 2) {
        // The comparison is false for NaN. A pivot of 0 does not give a constant channel its variance of 0.
        const far = f64x2.gt(square, f64x2.mul(found, f64x2.splat(round ? FARTHEST64 : FARTHEST64_OF_FEW)));
        found = v128.or(found, far);
        good = v128.not(far);
      }
      if (round) {
        // Only of the channels that are left.
        const old = Pair.load(variance + at, next);
        const left = f64x2.ne(old, old);
        found = v128.bitselect(found, old, left);
        shift = v128.bitselect(shift, Pair.load(mean + at, next), left);
        good = v128.or(good, v128.not(left));
      }
    } else {
      const inRange = v128.and(f64x2.gt(meanSquare, f64x2.splat(SMALLEST)), f64x2.lt(squares, f64x2.splat(LARGEST)));
      const farthest = f64x2.splat(pivots ? FARTHEST_FROM_PIVOT : FARTHEST);
      good = v128.and(inRange, f64x2.le(square, f64x2.mul(found, farthest)));
      // Ones in every bit are NaN.
      found = v128.or(found, v128.not(good));
    }
    Pair.store(mean + at, shift, next);
    Pair.store(variance + at, found, next);
    return i64x2.bitmask(good) == 3;
  }
}
