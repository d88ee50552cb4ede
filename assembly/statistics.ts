import { Check } from "./check";
import { reduce } from "./dispatch";
import { widthOf } from "./fold";
import { Moments } from "./moments";
import { Part, parts } from "./parts";
import { choosePivots, samplePivots } from "./pivots";
import { CHOSEN, MEAN, Scratch, spreadCoefficients } from "./scratch";
import { CENTRED, FLOAT32, FLOAT64_ALL, FLOAT64_SOME, RAW } from "./terms";

/**
 * mean = sum(x) / m, variance = sum((x - mean)^2) / m, the population variance, per channel, as f64; m is the number of
 * values per channel.
 *
 * With d = x - p for a pivot p, mean = p + sum(d) / m and variance = sum(d^2) / m - (sum(d) / m)^2. Round 0 sums about
 * the pivot 0, which spares a third of the additions: in float32, or in float64 where there are few values. A few rows
 * are summed in float32 about the mean of some of them (see moments.ts). Where that is not reliable, round 1 sums the channel in float64 about its first value: a constant channel
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
  let mode = Moments.inFloat64(batch, channels, spatial, round) ? FLOAT64_ALL : FLOAT32;
  let term = RAW;
  if (Moments.hasPivots(batch, channels, spatial, round)) {
    if (begin >= min(end, parts(batch, channels, spatial))) return;
    term = CENTRED;
    const pivots = Scratch.pivots(partials, batch, channels, spatial);
    if (round) {
      mode = FLOAT64_SOME;
      choosePivots(pivots, x, mean, variance, scratch, Scratch.pitch(width), channels, spatial, round);
      spreadCoefficients((1 << MEAN) | (1 << CHOSEN), scratch, width, channels, spatial);
    } else {
      const from = Part.firstChannel(begin, batch, channels, spatial);
      samplePivots(pivots, x, scratch, batch, channels, from, Part.endChannel(end, batch, channels, spatial));
    }
  }
  reduce(term, mode, partials, x, x, 0, scratch, width, batch, channels, spatial, begin, end);
}
