import { CHOSEN, MEAN, Scratch } from "./scratch";
import { Pair, Vector } from "./vector";

/** What the statistics are summed about: in MEAN for the loops, and in `pivots` for what follows from all parts. */

/** So many rows give the pivots of round 0. A power of two: the pivots of small integers are exact. */
const SAMPLES: usize = 8;

/**
 * The pivots of round 0 for the columns in [from, to), whole vectors: the means of a few rows, spread over the batch.
 *
 * pivots: `columns` float32; x: rows x columns float32; scratch: coefficients.
 */
export function samplePivots(
  pivots: usize,
  x: usize,
  scratch: usize,
  rows: usize,
  columns: usize,
  from: usize,
  to: usize,
): void {
  const stride = (rows / SAMPLES) * (columns << 2);
  const factor = f32x4.splat(1 / <f32>SAMPLES);
  let c = from;
  // A whole cache line of each row: rows of a multiple of 4096 bytes share a set of the L1 cache, and a vector at a time
  // would load each line four times (statistics of NC 32x4096 took 1.25 times as long).
  for (; c + 16 <= to; c += 16) {
    let at = x + (c << 2);
    let sum0 = v128.load(at);
    let sum1 = v128.load(at, 16);
    let sum2 = v128.load(at, 32);
    let sum3 = v128.load(at, 48);
    for (let i = SAMPLES; --i; ) {
      at += stride;
      sum0 = f32x4.add(sum0, v128.load(at));
      sum1 = f32x4.add(sum1, v128.load(at, 16));
      sum2 = f32x4.add(sum2, v128.load(at, 32));
      sum3 = f32x4.add(sum3, v128.load(at, 48));
    }
    Pivots.store(pivots, scratch, c, f32x4.mul(sum0, factor));
    Pivots.store(pivots, scratch, c + 4, f32x4.mul(sum1, factor));
    Pivots.store(pivots, scratch, c + 8, f32x4.mul(sum2, factor));
    Pivots.store(pivots, scratch, c + 12, f32x4.mul(sum3, factor));
  }
  for (; c < to; c += 4) {
    let at = x + (c << 2);
    let sum = v128.load(at);
    for (let i = SAMPLES; --i; ) {
      at += stride;
      sum = f32x4.add(sum, v128.load(at));
    }
    Pivots.store(pivots, scratch, c, f32x4.mul(sum, factor));
  }
}

class Pivots {
  /** Of four columns. */
  @inline
  static store(pivots: usize, scratch: usize, c: usize, values: v128): void {
    v128.store(Scratch.record(scratch, c), values, 16 * MEAN);
    v128.store(pivots + (c << 2), values);
  }
}

/**
 * The pivots of round 1, the first value of each channel, or of round 2, its mean. One that is not finite is 0, so that
 * an infinite mean does not become NaN. CHOSEN: the channels that are left.
 *
 * pivots: channels float32; x: batch x channels x spatial float32; mean, variance: channels f64.
 */
export function choosePivots(
  pivots: usize,
  x: usize,
  mean: usize,
  variance: usize,
  scratch: usize,
  pitch: usize,
  channels: usize,
  spatial: usize,
  round: i32,
): void {
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    const column = Scratch.column(scratch, c);
    const old = Pair.load(variance + (c << 3), next);
    const at = x + ((c * spatial) << 2);
    let pivot = v128.load32_lane(at + ((next * spatial) << 2), v128.load32_zero(at), 1);
    if (round > 1) pivot = f32x4.demote_f64x2_zero(Pair.load(mean + (c << 3), next));
    pivot = v128.and(pivot, f32x4.eq(f32x4.sub(pivot, pivot), Vector.zero(pivot)));
    v128.store64_lane(column, pivot, 0, 16 * MEAN);
    v128.store64_lane(pivots + (c << 2), pivot, 0);
    Pair.storeMask(column + Scratch.toThird(pitch) + 16 * CHOSEN, f64x2.ne(old, old));
  }
}
