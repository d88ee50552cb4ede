import { OFFSET, SCALE, SHIFT, SLOPE, VANISHING } from "./slots.js";

/**
 * What is stored for each value of the columns from `from` on, which fill no tile (rows-tiles.ts): a column of four
 * rows a turn.
 */

/** y = (x - mean) * scale + shift. */
// biome-ignore format: a value a line
export function normalize(
  f: Float32Array, k: Float64Array, x: number, _toDy: number, toOut: number, at: number, pitch: number,
  rows: number, columns: number, from: number,
): void {
  const w1 = (1 * columns) & 0x3fffffff;
  const w2 = (2 * columns) & 0x3fffffff;
  const w3 = (3 * columns) & 0x3fffffff;
  let r = 0;
  for (; r < rows - 3; r += 4) {
    for (let c = from; c < columns; c++) {
      const m = k[at + c], s = k[at + SCALE * pitch + c], b = k[at + SHIFT * pitch + c];
      const i = (x + r * columns + c) & 0x3fffffff;
      const out = (i + toOut) & 0x3fffffff;
      f[out] = (f[i] - m) * s + b;
      f[out + w1] = (f[i + w1] - m) * s + b;
      f[out + w2] = (f[i + w2] - m) * s + b;
      f[out + w3] = (f[i + w3] - m) * s + b;
    }
  }
  for (; r < rows; r++) {
    for (let c = from; c < columns; c++) {
      const m = k[at + c], s = k[at + SCALE * pitch + c], b = k[at + SHIFT * pitch + c];
      const i = (x + r * columns + c) & 0x3fffffff;
      const out = (i + toOut) & 0x3fffffff;
      f[out] = (f[i] - m) * s + b;
    }
  }
}

/** max(y, 0), which keeps a NaN. */
// biome-ignore format: a value a line
export function normalizeRelu(
  f: Float32Array, k: Float64Array, x: number, _toDy: number, toOut: number, at: number, pitch: number,
  rows: number, columns: number, from: number,
): void {
  const w1 = (1 * columns) & 0x3fffffff;
  const w2 = (2 * columns) & 0x3fffffff;
  const w3 = (3 * columns) & 0x3fffffff;
  let r = 0;
  for (; r < rows - 3; r += 4) {
    for (let c = from; c < columns; c++) {
      const m = k[at + c], s = k[at + SCALE * pitch + c], b = k[at + SHIFT * pitch + c];
      const i = (x + r * columns + c) & 0x3fffffff;
      const out = (i + toOut) & 0x3fffffff;
      const y0 = (f[i] - m) * s + b; f[out] = y0 < 0 ? 0 : y0;
      const y1 = (f[i + w1] - m) * s + b; f[out + w1] = y1 < 0 ? 0 : y1;
      const y2 = (f[i + w2] - m) * s + b; f[out + w2] = y2 < 0 ? 0 : y2;
      const y3 = (f[i + w3] - m) * s + b; f[out + w3] = y3 < 0 ? 0 : y3;
    }
  }
  for (; r < rows; r++) {
    for (let c = from; c < columns; c++) {
      const m = k[at + c], s = k[at + SCALE * pitch + c], b = k[at + SHIFT * pitch + c];
      const i = (x + r * columns + c) & 0x3fffffff;
      const out = (i + toOut) & 0x3fffffff;
      const y = (f[i] - m) * s + b; f[out] = y < 0 ? 0 : y;
    }
  }
}

/** dx = (dy - offset - (x - mean) * slope) * scale. */
// biome-ignore format: a value a line
export function inputGradient(
  f: Float32Array, k: Float64Array, x: number, toDy: number, toOut: number, at: number, pitch: number,
  rows: number, columns: number, from: number,
): void {
  const w1 = (1 * columns) & 0x3fffffff;
  const w2 = (2 * columns) & 0x3fffffff;
  const w3 = (3 * columns) & 0x3fffffff;
  let r = 0;
  for (; r < rows - 3; r += 4) {
    for (let c = from; c < columns; c++) {
      const m = k[at + c], s = k[at + SCALE * pitch + c], o = k[at + OFFSET * pitch + c], q = k[at + SLOPE * pitch + c];
      const i = (x + r * columns + c) & 0x3fffffff;
      const j = (i + toDy) & 0x3fffffff;
      const out = (i + toOut) & 0x3fffffff;
      f[out] = ((f[j] - o) - (f[i] - m) * q) * s;
      f[out + w1] = ((f[j + w1] - o) - (f[i + w1] - m) * q) * s;
      f[out + w2] = ((f[j + w2] - o) - (f[i + w2] - m) * q) * s;
      f[out + w3] = ((f[j + w3] - o) - (f[i + w3] - m) * q) * s;
    }
  }
  for (; r < rows; r++) {
    for (let c = from; c < columns; c++) {
      const m = k[at + c], s = k[at + SCALE * pitch + c], o = k[at + OFFSET * pitch + c], q = k[at + SLOPE * pitch + c];
      const i = (x + r * columns + c) & 0x3fffffff;
      const j = (i + toDy) & 0x3fffffff;
      const out = (i + toOut) & 0x3fffffff;
      f[out] = ((f[j] - o) - (f[i] - m) * q) * s;
    }
  }
}

/** The same of dy behind ReLU. */
// biome-ignore format: a value a line
export function inputGradientRelu(
  f: Float32Array, k: Float64Array, x: number, toDy: number, toOut: number, at: number, pitch: number,
  rows: number, columns: number, from: number,
): void {
  const w1 = (1 * columns) & 0x3fffffff;
  const w2 = (2 * columns) & 0x3fffffff;
  const w3 = (3 * columns) & 0x3fffffff;
  let r = 0;
  for (; r < rows - 3; r += 4) {
    for (let c = from; c < columns; c++) {
      const m = k[at + c], s = k[at + SCALE * pitch + c], b = k[at + SHIFT * pitch + c];
      const o = k[at + OFFSET * pitch + c], q = k[at + SLOPE * pitch + c];
      const i = (x + r * columns + c) & 0x3fffffff;
      const j = (i + toDy) & 0x3fffffff;
      const out = (i + toOut) & 0x3fffffff;
      const d0 = f[i] - m, g0 = d0 * s + b <= VANISHING ? 0 : f[j];
      f[out] = ((g0 - o) - d0 * q) * s;
      const d1 = f[i + w1] - m, g1 = d1 * s + b <= VANISHING ? 0 : f[j + w1];
      f[out + w1] = ((g1 - o) - d1 * q) * s;
      const d2 = f[i + w2] - m, g2 = d2 * s + b <= VANISHING ? 0 : f[j + w2];
      f[out + w2] = ((g2 - o) - d2 * q) * s;
      const d3 = f[i + w3] - m, g3 = d3 * s + b <= VANISHING ? 0 : f[j + w3];
      f[out + w3] = ((g3 - o) - d3 * q) * s;
    }
  }
  for (; r < rows; r++) {
    for (let c = from; c < columns; c++) {
      const m = k[at + c], s = k[at + SCALE * pitch + c], b = k[at + SHIFT * pitch + c];
      const o = k[at + OFFSET * pitch + c], q = k[at + SLOPE * pitch + c];
      const i = (x + r * columns + c) & 0x3fffffff;
      const j = (i + toDy) & 0x3fffffff;
      const out = (i + toOut) & 0x3fffffff;
      const d = f[i] - m, g = d * s + b <= VANISHING ? 0 : f[j];
      f[out] = ((g - o) - d * q) * s;
    }
  }
}

/** dx = dy * scale, dy behind ReLU: nothing passes through x, not even of an infinite one. */
// biome-ignore format: a value a line
export function frozenGradientRelu(
  f: Float32Array, k: Float64Array, x: number, toDy: number, toOut: number, at: number, pitch: number,
  rows: number, columns: number, from: number,
): void {
  const w1 = (1 * columns) & 0x3fffffff;
  const w2 = (2 * columns) & 0x3fffffff;
  const w3 = (3 * columns) & 0x3fffffff;
  let r = 0;
  for (; r < rows - 3; r += 4) {
    for (let c = from; c < columns; c++) {
      const m = k[at + c], s = k[at + SCALE * pitch + c], b = k[at + SHIFT * pitch + c];
      const i = (x + r * columns + c) & 0x3fffffff;
      const j = (i + toDy) & 0x3fffffff;
      const out = (i + toOut) & 0x3fffffff;
      f[out] = ((f[i] - m) * s + b <= VANISHING ? 0 : f[j]) * s;
      f[out + w1] = ((f[i + w1] - m) * s + b <= VANISHING ? 0 : f[j + w1]) * s;
      f[out + w2] = ((f[i + w2] - m) * s + b <= VANISHING ? 0 : f[j + w2]) * s;
      f[out + w3] = ((f[i + w3] - m) * s + b <= VANISHING ? 0 : f[j + w3]) * s;
    }
  }
  for (; r < rows; r++) {
    for (let c = from; c < columns; c++) {
      const m = k[at + c], s = k[at + SCALE * pitch + c], b = k[at + SHIFT * pitch + c];
      const i = (x + r * columns + c) & 0x3fffffff;
      const j = (i + toDy) & 0x3fffffff;
      const out = (i + toOut) & 0x3fffffff;
      f[out] = ((f[i] - m) * s + b <= VANISHING ? 0 : f[j]) * s;
    }
  }
}
