import { Check } from "./check";
import { reduce } from "./dispatch";
import { widthOf } from "./fold";
import { CHOSEN, MEAN, Scratch, spreadCoefficients } from "./scratch";
import { Moments } from "./sums";
import { FLOAT32, FLOAT64_ALL, FLOAT64_SOME, RAW } from "./terms";
import { Pair } from "./vector";

/**
 * mean = sum(x) / m, variance = sum((x - mean)^2) / m, the population variance, per channel, as f64; m is the number of
 * values per channel.
 *
 * With d = x - p for a pivot p, mean = p + sum(d) / m and variance = sum(d^2) / m - (sum(d) / m)^2. Round 0 sums about
 * the pivot 0, which spares a third of the additions: in float32, or in float64 where there are few values (see
 * sums.ts). Where that is not reliable, round 1 sums the channel in float64 about its first value: a constant channel
 * then has a variance of exactly 0, and nothing overflows. Where the first value is more than 32 deviations from the
 * mean, round 2 sums about the mean. All this depends on the channel's own values and on the extents: no other channel
 * changes its result.
 */

/**
 * Sums of the parts from `begin` to `end`; from round 1 on of the channels whose variance is NaN.
 *
 * partials: `partialBytes` bytes; x: batch x channels x spatial float32; mean, variance: channels f64, not read in
 * round 0.
 */
export function statisticsPartials(
  partials: usize,
  x: usize,
  mean: usize,
  variance: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  round: i32,
  begin: usize,
  end: usize,
): void {
  Check.extents(batch, channels, spatial);
  Check.floats(batch * channels * spatial, x);
  Check.doubles(channels, mean, variance);
  const width = widthOf(batch, channels, spatial);
  let mode = Moments.inFloat64(batch * spatial, round) ? FLOAT64_ALL : FLOAT32;
  if (round) {
    mode = FLOAT64_SOME;
    choosePivots(x, mean, variance, scratch, Scratch.pitch(width), channels, spatial, round);
    spreadCoefficients((1 << MEAN) | (1 << CHOSEN), scratch, width, channels, spatial);
  }
  reduce(RAW, mode, partials, x, x, 0, scratch, width, batch, channels, spatial, begin, end);
}

/**
 * MEAN: the pivots; CHOSEN: the channels that are left. Arrays as above.
 */
function choosePivots(
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
    v128.store64_lane(column + 16 * MEAN, Moments.pivots(x, mean, spatial, round, c, next), 0);
    Pair.storeMask(column + Scratch.toSecond(pitch) + 16 * CHOSEN, f64x2.ne(old, old));
  }
}
