import type { Heap } from "./heap.js";
import { FIRST, MEAN, OFFSET, SCALE, SECOND, SHIFT, SLOPE } from "./slots.js";

/**
 * What is computed per channel alone. Addresses are in bytes, `at` is the index of the first MEAN among the doubles.
 */

/** invstd = 1 / sqrt(variance + eps), 0 where that root is 0. */
export function invstd(h: Heap, invstd: number, variance: number, channels: number, eps: number): void {
  for (let c = 0; c < channels; c++) {
    const root = Math.sqrt(h.double(variance + 8 * c) + eps);
    h.setDouble(invstd + 8 * c, root === 0 ? 0 : 1 / root);
  }
}

/** running = (1 - momentum) * running + momentum * batch, the batch's times `correction` first. */
export function updateRunning(
  h: Heap,
  running: number,
  batch: number,
  channels: number,
  momentum: number,
  correction: number,
): void {
  for (let c = 0; c < channels; c++) {
    const added = momentum * (correction * h.double(batch + 8 * c));
    h.setDouble(running + 8 * c, (1 - momentum) * h.double(running + 8 * c) + added);
  }
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

/** dbeta is the first sum; dgamma = the second * invstd, 0 where invstd is, even if the sum is infinite. */
export function finishGradient(
  h: Heap,
  at: number,
  pitch: number,
  dgamma: number,
  dbeta: number,
  invstd: number,
  channels: number,
): void {
  const { doubles: k } = h;
  const first = at + FIRST * pitch;
  const second = at + SECOND * pitch;
  const scales = h.read(invstd, at + OFFSET * pitch, channels);
  const toBeta = h.target(dbeta, first);
  const toGamma = h.target(dgamma, second);
  for (let c = 0; c < channels; c++) {
    const scale = k[scales + c];
    k[toBeta + c] = k[first + c];
    k[toGamma + c] = scale === 0 ? 0 : k[second + c] * scale;
  }
  h.written(dbeta, toBeta, channels);
  h.written(dgamma, toGamma, channels);
}

/** Coefficients of folded rows: those of the channels, again for each row in them. */
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

/** Sums of folded rows: the channels' own are what their columns add up to. */
export function gather(k: Float64Array, at: number, pitch: number, channels: number, columns: number): void {
  for (let c = channels; c < columns; c++) {
    k[at + FIRST * pitch + (c % channels)] += k[at + FIRST * pitch + c];
    k[at + SECOND * pitch + (c % channels)] += k[at + SECOND * pitch + c];
  }
}
