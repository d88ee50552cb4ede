import { batchParts } from "./parts";
import { Scratch } from "./scratch";
import { LowPart, Pair, Vector } from "./vector";

/** What follows from the sums of all parts, for two channels at a time: c and, if `next` is 1, the one behind it. */

/**
 * The errors of fewer values per channel than these do not average out: they are summed in float64 from the start,
 * which is no slower than to read some channels again.
 */
const FEW: usize = 256;
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
 * The errors of float64 are below 1e-11 where a million equal values are added one after the other, and 1e-14 for few
 * values.
 */
const FARTHEST64: f64 = 1024;
const FARTHEST64_OF_FEW: f64 = 1048576;
/** Mean squares below this may have lost terms to underflow in float32. */
const SMALLEST: f64 = 1e-30;
/** Sums of squares above this may be close to overflow in float32. */
const LARGEST: f64 = 1e36;

/**
 * Adds the sums of the other parts of the batch to those of the first. A loop over parts within that over the channels
 * would cost each channel as much as all the rest of its statistics. partials: per part two arrays of channels f64.
 */
export function addParts(partials: usize, batch: usize, channels: usize, spatial: usize): void {
  const bytes = Scratch.pitch(channels) << 2;
  const end = partials + bytes * batchParts(batch, channels, spatial);
  for (let part = partials + bytes; part < end; part += bytes) {
    // The loop also adds what lies between the arrays and behind them: nobody reads that.
    for (let at: usize = 0; at < bytes; at += 8) {
      store<f64>(partials + at, load<f64>(partials + at) + load<f64>(part + at));
    }
  }
}

/** Mean and variance. */
export class Moments {
  /** Whether a round sums all that it sums in float64. `count`: values per channel. */
  @inline
  static inFloat64(count: usize, round: i32): bool {
    return round > 0 || count < FEW;
  }

  /**
   * The pivots of round 1, the first value of each channel, or of round 2, its mean: as float32. A pivot that is not
   * finite is 0, so that an infinite mean does not become NaN. x: batch x channels x spatial float32; mean: channels
   * f64.
   */
  static pivots(x: usize, mean: usize, spatial: usize, round: i32, c: usize, next: usize): v128 {
    const at = x + ((c * spatial) << 2);
    let pivots = v128.load32_lane(at + ((next * spatial) << 2), v128.load32_zero(at), 1);
    if (round > 1) pivots = f32x4.demote_f64x2_zero(Pair.load(mean + (c << 3), next));
    return v128.and(pivots, f32x4.eq(f32x4.sub(pivots, pivots), Vector.zero(pivots)));
  }

  /** Writes both, the variance as NaN where it needs another round. Returns whether neither channel does. */
  @inline
  static finish(
    mean: usize,
    variance: usize,
    partials: usize,
    x: usize,
    m: v128,
    channels: usize,
    spatial: usize,
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
    if (float64) {
      if (round) shift = f64x2.add(shift, Vector.low(Moments.pivots(x, mean, spatial, round, c, next)));
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
      good = v128.and(inRange, f64x2.le(square, f64x2.mul(found, f64x2.splat(FARTHEST))));
      // Ones in every bit are NaN.
      found = v128.or(found, v128.not(good));
    }
    Pair.store(mean + at, shift, next);
    Pair.store(variance + at, found, next);
    return i64x2.bitmask(good) == 3;
  }
}

/** 2^-126: where a sum of m products is below m times this, some products may have lost digits in float32. */
const SMALLEST_PRODUCT: f64 = 1.1754943508222875e-38;
/** 2^24 */
const LARGEST_SCALE: f64 = 16777216;

/** dgamma and dbeta. */
export class GradientSums {
  /**
   * dbeta is the first sum, dgamma = (the second - the mean's low part * dbeta) * invstd. Where another round is needed
   * dbeta is NaN. Returns whether neither channel needs one.
   */
  @inline
  static finish(
    dgamma: usize,
    dbeta: usize,
    partials: usize,
    mean: v128,
    invstd: v128,
    count: v128,
    channels: usize,
    round: i32,
    c: usize,
    next: usize,
  ): bool {
    const at = c << 3;
    const pitch = Scratch.pitch(channels);
    let first = Pair.load(partials + at, next);
    const second = Pair.load(Scratch.seconds(partials, pitch) + at, next);
    const centred = f64x2.sub(second, LowPart.times(mean, first));
    // 0 where invstd is, even if the sum is infinite.
    let product = v128.and(f64x2.mul(centred, invstd), f64x2.ne(invstd, Vector.zero(invstd)));
    let good = i64x2.splat(-1);
    if (round) {
      const old = Pair.load(dbeta + at, next);
      const left = f64x2.ne(old, old);
      first = v128.bitselect(first, old, left);
      product = v128.bitselect(product, Pair.load(dgamma + at, next), left);
    } else {
      good = GradientSums.isReliable(first, second, mean, invstd, count);
      first = v128.or(first, v128.not(good));
    }
    Pair.store(dbeta + at, first, next);
    Pair.store(dgamma + at, product, next);
    return i64x2.bitmask(good) == 3;
  }

  /**
   * Whether float32 gave the sums of m values: both are finite, and the products were in its normal range. A second sum
   * of 0 is that of a constant channel, or of a dy of zeros. What its products may have lost leaves dgamma below the
   * normal range if m * invstd is at most 2^24. It does not matter to dx if dbeta / m is at least 2^-125 * invstd or,
   * with a dbeta of 0, if invstd is at most 2^10: all dy that are not 0 are then below the normal range.
   */
  @inline
  static isReliable(first: v128, second: v128, mean: v128, invstd: v128, m: v128): v128 {
    const zero = Vector.zero(first);
    const scaled = f64x2.mul(m, invstd);
    const limit = f64x2.splat(SMALLEST_PRODUCT);
    const normal = f64x2.ge(f64x2.abs(second), f64x2.mul(m, limit));
    const finite = v128.and(normal, f64x2.eq(f64x2.sub(second, second), zero));
    const large = f64x2.ge(f64x2.abs(first), f64x2.mul(scaled, f64x2.add(limit, limit)));
    const none = v128.and(f64x2.eq(first, zero), f64x2.le(invstd, f64x2.splat(1024)));
    const small = v128.and(v128.or(large, none), f64x2.le(scaled, f64x2.splat(LARGEST_SCALE)));
    const constant = v128.and(f64x2.eq(second, zero), small);
    // The second sum does not matter: dgamma is NaN by the statistics, or 0 by an invstd of 0.
    const statistics = f64x2.add(mean, invstd);
    const given = v128.or(f64x2.ne(statistics, statistics), f64x2.eq(invstd, zero));
    return v128.and(f64x2.eq(f64x2.sub(first, first), zero), v128.or(given, v128.or(finite, constant)));
  }
}
