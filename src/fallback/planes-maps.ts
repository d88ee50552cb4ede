import { OFFSET, SCALE, SHIFT, SLOPE, VANISHING } from "./slots.js";

/**
 * What is stored for each value of `batch` x `channels` planes of `spatial` values, in the order of their addresses. x
 * is an index of f; `toDy` and `toOut` are the ways from there to dy and to the output. y may be x and dx may be dy.
 *
 * Several values a turn, under an index that is masked once (planes-sums.ts says why): twice as fast as one.
 */

/** y = (x - mean) * scale + shift. */
// biome-ignore format: a value a line
export function normalize(
  f: Float32Array, k: Float64Array, x: number, _toDy: number, toOut: number, at: number, pitch: number,
  batch: number, channels: number, spatial: number,
): void {
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const m = k[at + c];
      const s = k[at + SCALE * pitch + c];
      const b = k[at + SHIFT * pitch + c];
      let i = (x + (n * channels + c) * spatial) & 0x3fffffff;
      const end = (i + spatial) & 0x3fffffff;
      for (const last = end - 15; i < last; i = (i + 16) & 0x3fffffff) {
        const out = (i + toOut) & 0x3fffffff;
        f[out] = (f[i] - m) * s + b;
        f[out + 1] = (f[i + 1] - m) * s + b;
        f[out + 2] = (f[i + 2] - m) * s + b;
        f[out + 3] = (f[i + 3] - m) * s + b;
        f[out + 4] = (f[i + 4] - m) * s + b;
        f[out + 5] = (f[i + 5] - m) * s + b;
        f[out + 6] = (f[i + 6] - m) * s + b;
        f[out + 7] = (f[i + 7] - m) * s + b;
        f[out + 8] = (f[i + 8] - m) * s + b;
        f[out + 9] = (f[i + 9] - m) * s + b;
        f[out + 10] = (f[i + 10] - m) * s + b;
        f[out + 11] = (f[i + 11] - m) * s + b;
        f[out + 12] = (f[i + 12] - m) * s + b;
        f[out + 13] = (f[i + 13] - m) * s + b;
        f[out + 14] = (f[i + 14] - m) * s + b;
        f[out + 15] = (f[i + 15] - m) * s + b;
      }
      for (; i < end; i = (i + 1) & 0x3fffffff) {
        const out = (i + toOut) & 0x3fffffff;
        f[out] = (f[i] - m) * s + b;
      }
    }
  }
}

/** max(y, 0), which keeps a NaN. */
// biome-ignore format: a value a line
export function normalizeRelu(
  f: Float32Array, k: Float64Array, x: number, _toDy: number, toOut: number, at: number, pitch: number,
  batch: number, channels: number, spatial: number,
): void {
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const m = k[at + c];
      const s = k[at + SCALE * pitch + c];
      const b = k[at + SHIFT * pitch + c];
      let i = (x + (n * channels + c) * spatial) & 0x3fffffff;
      const end = (i + spatial) & 0x3fffffff;
      for (const last = end - 7; i < last; i = (i + 8) & 0x3fffffff) {
        const out = (i + toOut) & 0x3fffffff;
        const y0 = (f[i] - m) * s + b; f[out] = y0 < 0 ? 0 : y0;
        const y1 = (f[i + 1] - m) * s + b; f[out + 1] = y1 < 0 ? 0 : y1;
        const y2 = (f[i + 2] - m) * s + b; f[out + 2] = y2 < 0 ? 0 : y2;
        const y3 = (f[i + 3] - m) * s + b; f[out + 3] = y3 < 0 ? 0 : y3;
        const y4 = (f[i + 4] - m) * s + b; f[out + 4] = y4 < 0 ? 0 : y4;
        const y5 = (f[i + 5] - m) * s + b; f[out + 5] = y5 < 0 ? 0 : y5;
        const y6 = (f[i + 6] - m) * s + b; f[out + 6] = y6 < 0 ? 0 : y6;
        const y7 = (f[i + 7] - m) * s + b; f[out + 7] = y7 < 0 ? 0 : y7;
      }
      for (; i < end; i = (i + 1) & 0x3fffffff) {
        const out = (i + toOut) & 0x3fffffff;
        const y = (f[i] - m) * s + b; f[out] = y < 0 ? 0 : y;
      }
    }
  }
}

/** dx = (dy - offset - (x - mean) * slope) * scale. */
// biome-ignore format: a value a line
export function inputGradient(
  f: Float32Array, k: Float64Array, x: number, toDy: number, toOut: number, at: number, pitch: number,
  batch: number, channels: number, spatial: number,
): void {
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const m = k[at + c];
      const s = k[at + SCALE * pitch + c];
      const o = k[at + OFFSET * pitch + c];
      const q = k[at + SLOPE * pitch + c];
      let i = (x + (n * channels + c) * spatial) & 0x3fffffff;
      const end = (i + spatial) & 0x3fffffff;
      for (const last = end - 7; i < last; i = (i + 8) & 0x3fffffff) {
        const j = (i + toDy) & 0x3fffffff;
        const out = (i + toOut) & 0x3fffffff;
        f[out] = ((f[j] - o) - (f[i] - m) * q) * s;
        f[out + 1] = ((f[j + 1] - o) - (f[i + 1] - m) * q) * s;
        f[out + 2] = ((f[j + 2] - o) - (f[i + 2] - m) * q) * s;
        f[out + 3] = ((f[j + 3] - o) - (f[i + 3] - m) * q) * s;
        f[out + 4] = ((f[j + 4] - o) - (f[i + 4] - m) * q) * s;
        f[out + 5] = ((f[j + 5] - o) - (f[i + 5] - m) * q) * s;
        f[out + 6] = ((f[j + 6] - o) - (f[i + 6] - m) * q) * s;
        f[out + 7] = ((f[j + 7] - o) - (f[i + 7] - m) * q) * s;
      }
      for (; i < end; i = (i + 1) & 0x3fffffff) {
        const j = (i + toDy) & 0x3fffffff;
        const out = (i + toOut) & 0x3fffffff;
        f[out] = ((f[j] - o) - (f[i] - m) * q) * s;
      }
    }
  }
}

/** The same of dy behind ReLU. */
// biome-ignore format: a value a line
export function inputGradientRelu(
  f: Float32Array, k: Float64Array, x: number, toDy: number, toOut: number, at: number, pitch: number,
  batch: number, channels: number, spatial: number,
): void {
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const m = k[at + c];
      const s = k[at + SCALE * pitch + c];
      const b = k[at + SHIFT * pitch + c];
      const o = k[at + OFFSET * pitch + c];
      const q = k[at + SLOPE * pitch + c];
      let i = (x + (n * channels + c) * spatial) & 0x3fffffff;
      const end = (i + spatial) & 0x3fffffff;
      for (const last = end - 7; i < last; i = (i + 8) & 0x3fffffff) {
        const j = (i + toDy) & 0x3fffffff;
        const out = (i + toOut) & 0x3fffffff;
        const d0 = f[i] - m, g0 = d0 * s + b <= VANISHING ? 0 : f[j];
        f[out] = ((g0 - o) - d0 * q) * s;
        const d1 = f[i + 1] - m, g1 = d1 * s + b <= VANISHING ? 0 : f[j + 1];
        f[out + 1] = ((g1 - o) - d1 * q) * s;
        const d2 = f[i + 2] - m, g2 = d2 * s + b <= VANISHING ? 0 : f[j + 2];
        f[out + 2] = ((g2 - o) - d2 * q) * s;
        const d3 = f[i + 3] - m, g3 = d3 * s + b <= VANISHING ? 0 : f[j + 3];
        f[out + 3] = ((g3 - o) - d3 * q) * s;
        const d4 = f[i + 4] - m, g4 = d4 * s + b <= VANISHING ? 0 : f[j + 4];
        f[out + 4] = ((g4 - o) - d4 * q) * s;
        const d5 = f[i + 5] - m, g5 = d5 * s + b <= VANISHING ? 0 : f[j + 5];
        f[out + 5] = ((g5 - o) - d5 * q) * s;
        const d6 = f[i + 6] - m, g6 = d6 * s + b <= VANISHING ? 0 : f[j + 6];
        f[out + 6] = ((g6 - o) - d6 * q) * s;
        const d7 = f[i + 7] - m, g7 = d7 * s + b <= VANISHING ? 0 : f[j + 7];
        f[out + 7] = ((g7 - o) - d7 * q) * s;
      }
      for (; i < end; i = (i + 1) & 0x3fffffff) {
        const j = (i + toDy) & 0x3fffffff;
        const out = (i + toOut) & 0x3fffffff;
        const d = f[i] - m, g = d * s + b <= VANISHING ? 0 : f[j];
        f[out] = ((g - o) - d * q) * s;
      }
    }
  }
}

/** dx = dy * scale, dy behind ReLU: nothing passes through x, not even of an infinite one. */
// biome-ignore format: a value a line
export function frozenGradientRelu(
  f: Float32Array, k: Float64Array, x: number, toDy: number, toOut: number, at: number, pitch: number,
  batch: number, channels: number, spatial: number,
): void {
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const m = k[at + c];
      const s = k[at + SCALE * pitch + c];
      const b = k[at + SHIFT * pitch + c];
      let i = (x + (n * channels + c) * spatial) & 0x3fffffff;
      const end = (i + spatial) & 0x3fffffff;
      for (const last = end - 3; i < last; i = (i + 4) & 0x3fffffff) {
        const j = (i + toDy) & 0x3fffffff;
        const out = (i + toOut) & 0x3fffffff;
        f[out] = ((f[i] - m) * s + b <= VANISHING ? 0 : f[j]) * s;
        f[out + 1] = ((f[i + 1] - m) * s + b <= VANISHING ? 0 : f[j + 1]) * s;
        f[out + 2] = ((f[i + 2] - m) * s + b <= VANISHING ? 0 : f[j + 2]) * s;
        f[out + 3] = ((f[i + 3] - m) * s + b <= VANISHING ? 0 : f[j + 3]) * s;
      }
      for (; i < end; i = (i + 1) & 0x3fffffff) {
        const j = (i + toDy) & 0x3fffffff;
        const out = (i + toOut) & 0x3fffffff;
        f[out] = ((f[i] - m) * s + b <= VANISHING ? 0 : f[j]) * s;
      }
    }
  }
}
