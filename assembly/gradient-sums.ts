import { Scratch } from "./scratch";
import { LowPart, Pair, Vector } from "./vector";

/** dgamma and dbeta from the sums of all parts, two channels at a time. */

/** 2^-126: where a sum of m products is below m times this, some products may have lost digits in float32. */
const SMALLEST_PRODUCT: f64 = 1.1754943508222875e-38;
/** 2^24 and 2^10: limits of m * invstd and invstd, see `isReliable`. */
const LARGEST_SCALE: f64 = 16777216;
const LARGEST_INVSTD: f64 = 1024;

/** dgamma and dbeta. */
export class GradientSums {
  /** The largest invstd with which two sums of 0 are reliable. */
  @inline
  static largest(m: v128): v128 {
    return f64x2.pmin(f64x2.splat(LARGEST_INVSTD), f64x2.div(f64x2.splat(LARGEST_SCALE), m));
  }

  /** The least size of a second sum of m values whose products were in the normal range of float32. */
  @inline
  static smallest(m: v128): v128 {
    return f64x2.mul(m, f64x2.splat(SMALLEST_PRODUCT));
  }

  /**
   * Round 0 for all channels but the last of an odd number, if the sums of each are finite, and the second is reliable
   * by its size, or both are 0: a lean loop, since that is so in most calls. Backward steps take 0.85 of the time at
   * NC 16x64. Returns how many channels are done, 0 if one is not so. mean, invstd: channels f64.
   */
  static finishOrdinary(
    dgamma: usize,
    dbeta: usize,
    partials: usize,
    mean: usize,
    invstd: usize,
    count: v128,
    channels: usize,
  ): usize {
    const toSeconds = Scratch.seconds(0, Scratch.pitch(channels));
    const smallest = GradientSums.smallest(count);
    const largest = GradientSums.largest(count);
    let good = i64x2.splat(-1);
    const even = channels & ~1;
    for (let at: usize = 0; at < even << 3; at += 16) {
      const first = v128.load(partials + at);
      const second = v128.load(partials + toSeconds + at);
      const i = v128.load(invstd + at);
      const zero = Vector.zero(i);
      const size = f64x2.abs(second);
      const both = f64x2.add(f64x2.abs(first), size);
      const none = v128.and(f64x2.eq(both, zero), f64x2.le(i, largest));
      good = v128.and(good, v128.or(f64x2.ge(size, smallest), none));
      good = v128.and(good, f64x2.lt(both, f64x2.splat(Infinity)));
      const centred = f64x2.sub(second, f64x2.mul(LowPart.of(v128.load(mean + at)), first));
      v128.store(dbeta + at, first);
      v128.store(dgamma + at, v128.and(f64x2.mul(centred, i), f64x2.ne(i, zero)));
    }
    return i64x2.bitmask(good) == 3 ? even : 0;
  }

  /**
   * dbeta is the first sum, dgamma = (the second - the mean's low part * dbeta) * invstd, for channel c and, if `next`
   * is 1, for the one behind it. Where another round is needed dbeta is NaN. Returns whether neither channel needs one.
   *
   * dgamma, dbeta: channels f64; partials: two arrays of channels f64; mean, invstd: of these two channels.
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
    const normal = f64x2.ge(f64x2.abs(second), GradientSums.smallest(m));
    const finite = v128.and(normal, f64x2.eq(f64x2.sub(second, second), zero));
    const large = f64x2.ge(f64x2.abs(first), f64x2.mul(scaled, f64x2.add(limit, limit)));
    const none = v128.and(f64x2.eq(first, zero), f64x2.le(invstd, GradientSums.largest(m)));
    const small = v128.and(large, f64x2.le(scaled, f64x2.splat(LARGEST_SCALE)));
    const constant = v128.and(f64x2.eq(second, zero), v128.or(small, none));
    // The second sum does not matter: dgamma is NaN by the statistics, or 0 by an invstd of 0.
    const statistics = f64x2.add(mean, invstd);
    const given = v128.or(f64x2.ne(statistics, statistics), f64x2.eq(invstd, zero));
    return v128.and(f64x2.eq(f64x2.sub(first, first), zero), v128.or(given, v128.or(finite, constant)));
  }
}
