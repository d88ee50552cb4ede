import { FIRST, SCALE, SECOND, SHIFT, VANISHING } from "./slots.js";

/**
 * Sums over `rows` rows of `columns` values, added to the slots FIRST and SECOND. x is an index of f, `toDy` the way
 * from there to dy.
 *
 * Rows are taken in groups, so that a column's sums are loaded and stored once for all of them, and several columns a
 * turn; what is left of columns and rows goes one by one.
 */

/** x - pivot and its square: groups of eight rows. */
// biome-ignore format: a column a block
export function deviations(
  f: Float32Array, k: Float64Array, x: number, _toDy: number, at: number, pitch: number,
  rows: number, columns: number,
): void {
  const w1 = (1 * columns) & 0x3fffffff;
  const w2 = (2 * columns) & 0x3fffffff;
  const w3 = (3 * columns) & 0x3fffffff;
  const w4 = (4 * columns) & 0x3fffffff;
  const w5 = (5 * columns) & 0x3fffffff;
  const w6 = (6 * columns) & 0x3fffffff;
  const w7 = (7 * columns) & 0x3fffffff;
  const first = (FIRST * pitch) & 0x1fffffff;
  const second = (SECOND * pitch) & 0x1fffffff;
  let i = x & 0x3fffffff;
  let r = 0;
  for (; r < rows - 7; r += 8) {
    let c = at & 0x1fffffff;
    const end = (i + columns) & 0x3fffffff;
    for (const last = end - 3; i < last; i = (i + 4) & 0x3fffffff) {
      { const m = k[c];
        const d0 = f[i] - m, d1 = f[i + w1] - m, d2 = f[i + w2] - m, d3 = f[i + w3] - m;
        const d4 = f[i + w4] - m, d5 = f[i + w5] - m, d6 = f[i + w6] - m, d7 = f[i + w7] - m;
        k[c + first] += ((d0 + d1) + (d2 + d3)) + ((d4 + d5) + (d6 + d7));
        k[c + second] += ((d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3))
          + ((d4 * d4 + d5 * d5) + (d6 * d6 + d7 * d7)); }
      { const m = k[c + 1];
        const d0 = f[i + 1] - m, d1 = f[i + w1 + 1] - m, d2 = f[i + w2 + 1] - m, d3 = f[i + w3 + 1] - m;
        const d4 = f[i + w4 + 1] - m, d5 = f[i + w5 + 1] - m, d6 = f[i + w6 + 1] - m, d7 = f[i + w7 + 1] - m;
        k[c + first + 1] += ((d0 + d1) + (d2 + d3)) + ((d4 + d5) + (d6 + d7));
        k[c + second + 1] += ((d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3))
          + ((d4 * d4 + d5 * d5) + (d6 * d6 + d7 * d7)); }
      { const m = k[c + 2];
        const d0 = f[i + 2] - m, d1 = f[i + w1 + 2] - m, d2 = f[i + w2 + 2] - m, d3 = f[i + w3 + 2] - m;
        const d4 = f[i + w4 + 2] - m, d5 = f[i + w5 + 2] - m, d6 = f[i + w6 + 2] - m, d7 = f[i + w7 + 2] - m;
        k[c + first + 2] += ((d0 + d1) + (d2 + d3)) + ((d4 + d5) + (d6 + d7));
        k[c + second + 2] += ((d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3))
          + ((d4 * d4 + d5 * d5) + (d6 * d6 + d7 * d7)); }
      { const m = k[c + 3];
        const d0 = f[i + 3] - m, d1 = f[i + w1 + 3] - m, d2 = f[i + w2 + 3] - m, d3 = f[i + w3 + 3] - m;
        const d4 = f[i + w4 + 3] - m, d5 = f[i + w5 + 3] - m, d6 = f[i + w6 + 3] - m, d7 = f[i + w7 + 3] - m;
        k[c + first + 3] += ((d0 + d1) + (d2 + d3)) + ((d4 + d5) + (d6 + d7));
        k[c + second + 3] += ((d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3))
          + ((d4 * d4 + d5 * d5) + (d6 * d6 + d7 * d7)); }
      c = (c + 4) & 0x1fffffff;
    }
    for (; i < end; i = (i + 1) & 0x3fffffff) {
      const m = k[c];
      const d0 = f[i] - m, d1 = f[i + w1] - m, d2 = f[i + w2] - m, d3 = f[i + w3] - m;
      const d4 = f[i + w4] - m, d5 = f[i + w5] - m, d6 = f[i + w6] - m, d7 = f[i + w7] - m;
      k[c + first] += ((d0 + d1) + (d2 + d3)) + ((d4 + d5) + (d6 + d7));
      k[c + second] += ((d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3))
        + ((d4 * d4 + d5 * d5) + (d6 * d6 + d7 * d7));
      c = (c + 1) & 0x1fffffff;
    }
    i = (i + w7) & 0x3fffffff;
  }
  for (; r < rows; r++) {
    let c = at & 0x1fffffff;
    const end = (i + columns) & 0x3fffffff;
    for (; i < end; i = (i + 1) & 0x3fffffff) {
      const m = k[c], d0 = f[i] - m;
      k[c + first] += d0;
      k[c + second] += d0 * d0;
      c = (c + 1) & 0x1fffffff;
    }
  }
}

/** dy and dy * (x - mean): groups of four rows, eight values of either. */
// biome-ignore format: a column a block
export function gradientSums(
  f: Float32Array, k: Float64Array, x: number, toDy: number, at: number, pitch: number,
  rows: number, columns: number,
): void {
  const w1 = (1 * columns) & 0x3fffffff;
  const w2 = (2 * columns) & 0x3fffffff;
  const w3 = (3 * columns) & 0x3fffffff;
  const first = (FIRST * pitch) & 0x1fffffff;
  const second = (SECOND * pitch) & 0x1fffffff;
  let i = x & 0x3fffffff;
  let r = 0;
  for (; r < rows - 3; r += 4) {
    let c = at & 0x1fffffff;
    const end = (i + columns) & 0x3fffffff;
    for (const last = end - 3; i < last; i = (i + 4) & 0x3fffffff) {
      const j = (i + toDy) & 0x3fffffff;
      { const m = k[c];
        const g0 = f[j], g1 = f[j + w1], g2 = f[j + w2], g3 = f[j + w3];
        k[c + first] += (g0 + g1) + (g2 + g3);
        k[c + second] += (g0 * (f[i] - m) + g1 * (f[i + w1] - m))
          + (g2 * (f[i + w2] - m) + g3 * (f[i + w3] - m)); }
      { const m = k[c + 1];
        const g0 = f[j + 1], g1 = f[j + w1 + 1], g2 = f[j + w2 + 1], g3 = f[j + w3 + 1];
        k[c + first + 1] += (g0 + g1) + (g2 + g3);
        k[c + second + 1] += (g0 * (f[i + 1] - m) + g1 * (f[i + w1 + 1] - m))
          + (g2 * (f[i + w2 + 1] - m) + g3 * (f[i + w3 + 1] - m)); }
      { const m = k[c + 2];
        const g0 = f[j + 2], g1 = f[j + w1 + 2], g2 = f[j + w2 + 2], g3 = f[j + w3 + 2];
        k[c + first + 2] += (g0 + g1) + (g2 + g3);
        k[c + second + 2] += (g0 * (f[i + 2] - m) + g1 * (f[i + w1 + 2] - m))
          + (g2 * (f[i + w2 + 2] - m) + g3 * (f[i + w3 + 2] - m)); }
      { const m = k[c + 3];
        const g0 = f[j + 3], g1 = f[j + w1 + 3], g2 = f[j + w2 + 3], g3 = f[j + w3 + 3];
        k[c + first + 3] += (g0 + g1) + (g2 + g3);
        k[c + second + 3] += (g0 * (f[i + 3] - m) + g1 * (f[i + w1 + 3] - m))
          + (g2 * (f[i + w2 + 3] - m) + g3 * (f[i + w3 + 3] - m)); }
      c = (c + 4) & 0x1fffffff;
    }
    for (; i < end; i = (i + 1) & 0x3fffffff) {
      const j = (i + toDy) & 0x3fffffff;
      const m = k[c];
      const g0 = f[j], g1 = f[j + w1], g2 = f[j + w2], g3 = f[j + w3];
      k[c + first] += (g0 + g1) + (g2 + g3);
      k[c + second] += (g0 * (f[i] - m) + g1 * (f[i + w1] - m))
        + (g2 * (f[i + w2] - m) + g3 * (f[i + w3] - m));
      c = (c + 1) & 0x1fffffff;
    }
    i = (i + w3) & 0x3fffffff;
  }
  for (; r < rows; r++) {
    let c = at & 0x1fffffff;
    const end = (i + columns) & 0x3fffffff;
    for (; i < end; i = (i + 1) & 0x3fffffff) {
      const j = (i + toDy) & 0x3fffffff;
      const m = k[c];
      const g0 = f[j];
      k[c + first] += g0;
      k[c + second] += g0 * (f[i] - m);
      c = (c + 1) & 0x1fffffff;
    }
  }
}

/** The same of dy behind ReLU. A column a turn: the branches cost more than the turns. */
// biome-ignore format: a column a block
export function gradientSumsRelu(
  f: Float32Array, k: Float64Array, x: number, toDy: number, at: number, pitch: number,
  rows: number, columns: number,
): void {
  const w1 = (1 * columns) & 0x3fffffff;
  const w2 = (2 * columns) & 0x3fffffff;
  const w3 = (3 * columns) & 0x3fffffff;
  const scale = (SCALE * pitch) & 0x1fffffff;
  const shift = (SHIFT * pitch) & 0x1fffffff;
  const first = (FIRST * pitch) & 0x1fffffff;
  const second = (SECOND * pitch) & 0x1fffffff;
  let i = x & 0x3fffffff;
  let r = 0;
  for (; r < rows - 3; r += 4) {
    let c = at & 0x1fffffff;
    const end = (i + columns) & 0x3fffffff;
    for (; i < end; i = (i + 1) & 0x3fffffff) {
      const j = (i + toDy) & 0x3fffffff;
      const m = k[c], s = k[c + scale], b = k[c + shift];
      const d0 = f[i] - m, d1 = f[i + w1] - m, d2 = f[i + w2] - m, d3 = f[i + w3] - m;
      const g0 = d0 * s + b <= VANISHING ? 0 : f[j];
      const g1 = d1 * s + b <= VANISHING ? 0 : f[j + w1];
      const g2 = d2 * s + b <= VANISHING ? 0 : f[j + w2];
      const g3 = d3 * s + b <= VANISHING ? 0 : f[j + w3];
      k[c + first] += (g0 + g1) + (g2 + g3);
      k[c + second] += (g0 * d0 + g1 * d1) + (g2 * d2 + g3 * d3);
      c = (c + 1) & 0x1fffffff;
    }
    i = (i + w3) & 0x3fffffff;
  }
  for (; r < rows; r++) {
    let c = at & 0x1fffffff;
    const end = (i + columns) & 0x3fffffff;
    for (; i < end; i = (i + 1) & 0x3fffffff) {
      const j = (i + toDy) & 0x3fffffff;
      const m = k[c], s = k[c + scale], b = k[c + shift];
      const d0 = f[i] - m;
      const g0 = d0 * s + b <= VANISHING ? 0 : f[j];
      k[c + first] += g0;
      k[c + second] += g0 * d0;
      c = (c + 1) & 0x1fffffff;
    }
  }
}
