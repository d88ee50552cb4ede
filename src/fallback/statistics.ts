import { reduce } from "./dispatch.js";
import type { Heap } from "./heap.js";
import { deviations } from "./loops.js";
import { isEmpty } from "./parts.js";
import { FIRST, pitchOf, SECOND, slotsIn } from "./slots.js";

/**
 * The formula variance = sum((x - p)^2) / m - (mean - p)^2 has a pivot p. It multiplies the errors of the sums by up to
 * 1 + 2 r, with r = (mean - p)^2 / variance. For m = 2^20 values these errors are below 1e-11. So with r up to this
 * limit the variance is right to 1e-8.
 */
const FARTHEST = 1024;

/**
 * mean = sum(x) / m, variance = sum((x - mean)^2) / m, the population variance, per channel, of `batch` x `channels` planes
 * of `spatial` values.
 *
 * One read of x, about each channel's first value: so a constant channel has a variance of exactly 0. The first value of m
 * is within sqrt(m) deviations of the mean, whatever they are. A channel where it is further than 32 is read once more.
 */
export function statistics(
  h: Heap,
  mean: number,
  variance: number,
  x: number,
  scratch: number,
  batch: number,
  channels: number,
  spatial: number,
): void {
  const { floats: f, doubles: k } = h;
  const at = slotsIn(scratch);
  const pitch = pitchOf(channels);
  for (let c = 0, i = x >>> 2; c < channels; c++, i += spatial) {
    // The pivot is 0 if the first value is not finite, so that an infinite mean does not become NaN.
    k[at + c] = f[i] - f[i] === 0 ? f[i] : 0;
  }
  reduce(deviations, h, x, x, at, pitch, batch, channels, spatial);
  const count = batch * spatial;
  const first = at + FIRST * pitch;
  const second = at + SECOND * pitch;
  const toMean = h.target(mean, first);
  const toVariance = h.target(variance, second);
  for (let c = 0; c < channels; c++) {
    const shift = k[first + c] / count;
    const found = k[second + c] / count - shift * shift;
    k[toMean + c] = k[at + c] + shift;
    k[toVariance + c] = Math.max(found, 0);
    if (shift * shift > FARTHEST * found) aboutMean(h, toMean + c, toVariance + c, x, c, batch, channels, spatial);
  }
  h.written(mean, toMean, channels);
  h.written(variance, toVariance, channels);
}

/** Computes the same for one channel, with the mean as the pivot. */
function aboutMean(
  { floats: f, doubles: k }: Heap,
  mean: number,
  variance: number,
  x: number,
  c: number,
  batch: number,
  channels: number,
  spatial: number,
): void {
  const pivot = k[mean];
  let first = 0;
  let second = 0;
  for (let n = 0; n < batch; n++) {
    const start = (x >>> 2) + (n * channels + c) * spatial;
    for (let i = start; i < start + spatial; i++) {
      const d = f[i] - pivot;
      first += d;
      second += d * d;
    }
  }
  const count = batch * spatial;
  first /= count;
  k[mean] = pivot + first;
  k[variance] = second / count - first * first;
}

export function statisticsPartials(
  h: Heap,
  partials: number,
  x: number,
  _mean: number,
  _variance: number,
  scratch: number,
  batch: number,
  channels: number,
  spatial: number,
  _round: number,
  begin: number,
  end: number,
): void {
  if (isEmpty(begin, end)) return;
  statistics(h, partials, partials + 8 * channels, x, scratch, batch, channels, spatial);
}

export function finishStatistics(h: Heap, mean: number, variance: number, partials: number, channels: number): 0 {
  h.copy(mean, partials, 2 * channels);
  h.copy(variance, partials + 8 * channels, 2 * channels);
  return 0;
}
