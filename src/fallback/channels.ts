import type { Heap } from "./heap.js";
import { FIRST, MEAN, OFFSET, SCALE, SECOND, SHIFT, SLOPE } from "./slots.js";

/** The arithmetic per channel. Addresses are in bytes, `at` is the index of the first MEAN among the doubles. */

/** invstd = 1 / sqrt(variance + eps), 0 where that root is 0. */
export function invstd(h: Heap, invstd: number, variance: number, channels: number, eps: number): void {
  for (let c = 0; c < channels; c++) {
    const root = Math.sqrt(h.double(variance + 8 * c) + eps);
    h.setDouble(invstd + 8 * c, root === 0 ? 0 : 1 / root);
  }
}

/**
 * running = (1 - momentum) * running + momentum * batch, where the variance of the batch is first multiplied by
 * `correction`.
 */
export function updateRunning(
  h: Heap,
  runningMean: number,
  runningVar: number,
  mean: number,
  variance: number,
  channels: number,
  momentum: number,
  correction: number,
): void {
  mix(h, runningMean, mean, channels, momentum, 1);
  mix(h, runningVar, variance, channels, momentum, correction);
}

/** Updates one of the two statistics. A value with weight 0 has no effect, even if it is NaN or infinite. */
function mix(h: Heap, running: number, batch: number, channels: number, momentum: number, correction: number): void {
  if (momentum === 0) return;
  for (let c = 0; c < channels; c++) {
    const found = correction * h.double(batch + 8 * c);
    const mixed = (1 - momentum) * h.double(running + 8 * c) + momentum * found;
    h.setDouble(running + 8 * c, momentum === 1 ? found : mixed);
  }
}

/** Rounds float64 to float32. */
export function toFloat32(h: Heap, target: number, source: number, length: number): void {
  for (let i = 0; i < length; i++) h.floats[(target >>> 2) + i] = h.double(source + 8 * i);
}

/** MEAN, SCALE and SHIFT. mean, gamma and beta may be 0 (absent: 0, 1 and -0, which leaves the sign of every y). */
export function affine(
  h: Heap,
  at: number,
  pitch: number,
  mean: number,
  invstd: number,
  gamma: number,
  beta: number,
  channels: number,
): void {
  const { doubles: k, floats } = h;
  const means = h.read(mean, at + MEAN * pitch, channels);
  const scales = h.read(invstd, at + SCALE * pitch, channels);
  const toScale = at + SCALE * pitch;
  const toShift = at + SHIFT * pitch;
  for (let c = 0; c < channels; c++) {
    const scale = k[scales + c];
    k[at + c] = mean ? k[means + c] : 0;
    k[toScale + c] = gamma ? scale * floats[(gamma >>> 2) + c] : scale;
    k[toShift + c] = beta ? floats[(beta >>> 2) + c] : -0;
  }
}

/** OFFSET = dbeta / m and SLOPE = invstd * dgamma / m, for m = `count`. */
export function gradient(
  h: Heap,
  at: number,
  pitch: number,
  invstd: number,
  dgamma: number,
  dbeta: number,
  channels: number,
  count: number,
): void {
  const { doubles: k } = h;
  const scales = h.read(invstd, at + FIRST * pitch, channels);
  const offset = at + OFFSET * pitch;
  const slope = at + SLOPE * pitch;
  const offsets = h.read(dbeta, offset, channels);
  const slopes = h.read(dgamma, slope, channels);
  for (let c = 0; c < channels; c++) {
    k[offset + c] = k[offsets + c] / count;
    k[slope + c] = k[scales + c] * (k[slopes + c] / count);
  }
}

/**
 * dbeta is the first sum. dgamma is the second sum times invstd, or 0 where invstd is 0, even if the sum is infinite.
 */
export function finishGradient(
  h: Heap,
  dgamma: number,
  dbeta: number,
  first: number,
  second: number,
  invstd: number,
  channels: number,
): void {
  for (let c = 0; c < channels; c++) {
    const scale = h.double(invstd + 8 * c);
    h.setDouble(dbeta + 8 * c, h.double(first + 8 * c));
    h.setDouble(dgamma + 8 * c, scale === 0 ? 0 : h.double(second + 8 * c) * scale);
  }
}

/** Copies the coefficients of the channels for each row in a folded row. */
export function spread(k: Float64Array, at: number, pitch: number, channels: number, columns: number): void {
  if (columns === channels) return;
  for (let slot = MEAN; slot <= SLOPE; slot++) {
    const first = at + slot * pitch;
    for (let c = channels; c < columns; c++) k[first + c] = k[first + c - channels];
  }
}

export function clearSums(k: Float64Array, at: number, pitch: number, columns: number): void {
  for (let c = 0; c < columns; c++) {
    k[at + FIRST * pitch + c] = 0;
    k[at + SECOND * pitch + c] = 0;
  }
}

/** Adds up the sums of the columns of folded rows for each channel. */
export function gather(k: Float64Array, at: number, pitch: number, channels: number, columns: number): void {
  for (let c = channels; c < columns; c++) {
    k[at + FIRST * pitch + (c % channels)] += k[at + FIRST * pitch + c];
    k[at + SECOND * pitch + (c % channels)] += k[at + SECOND * pitch + c];
  }
}
