import { FIRST, SCALE, SECOND, SHIFT, VANISHING } from "./slots.js";

/**
 * Sums over `batch` x `channels` planes of `spatial` values, in the order of their addresses, added to the slots FIRST
 * and SECOND. x is an index of f, `toDy` the way from there to dy.
 *
 * A turn takes several values and adds them as a tree, so that the chain of additions is no limit. The index is masked
 * once a turn: its range is then known, and V8 checks nothing but the bounds of the array. The masks are literals since V8
 * does not know the value of an imported constant while it compiles (1.3 times slower).
 */

/** x - pivot and its square. */
// biome-ignore format: four values a line
export function deviations(
  f: Float32Array, k: Float64Array, x: number, _toDy: number, at: number, pitch: number,
  batch: number, channels: number, spatial: number,
): void {
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const m = k[at + c];
      let first = 0;
      let second = 0;
      let i = (x + (n * channels + c) * spatial) & 0x3fffffff;
      const end = (i + spatial) & 0x3fffffff;
      for (const last = end - 7; i < last; i = (i + 8) & 0x3fffffff) {
        const d0 = f[i] - m, d1 = f[i + 1] - m, d2 = f[i + 2] - m, d3 = f[i + 3] - m;
        const d4 = f[i + 4] - m, d5 = f[i + 5] - m, d6 = f[i + 6] - m, d7 = f[i + 7] - m;
        first += ((d0 + d1) + (d2 + d3)) + ((d4 + d5) + (d6 + d7));
        second += ((d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)) + ((d4 * d4 + d5 * d5) + (d6 * d6 + d7 * d7));
      }
      for (; i < end; i = (i + 1) & 0x3fffffff) {
        const d = f[i] - m;
        first += d;
        second += d * d;
      }
      k[at + FIRST * pitch + c] += first;
      k[at + SECOND * pitch + c] += second;
    }
  }
}

/** dy and dy * (x - mean). */
// biome-ignore format: four values a line
export function gradientSums(
  f: Float32Array, k: Float64Array, x: number, toDy: number, at: number, pitch: number,
  batch: number, channels: number, spatial: number,
): void {
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const m = k[at + c];
      let first = 0;
      let second = 0;
      let i = (x + (n * channels + c) * spatial) & 0x3fffffff;
      const end = (i + spatial) & 0x3fffffff;
      for (const last = end - 7; i < last; i = (i + 8) & 0x3fffffff) {
        const j = (i + toDy) & 0x3fffffff;
        const g0 = f[j], g1 = f[j + 1], g2 = f[j + 2], g3 = f[j + 3];
        const g4 = f[j + 4], g5 = f[j + 5], g6 = f[j + 6], g7 = f[j + 7];
        first += ((g0 + g1) + (g2 + g3)) + ((g4 + g5) + (g6 + g7));
        second += ((g0 * (f[i] - m) + g1 * (f[i + 1] - m)) + (g2 * (f[i + 2] - m) + g3 * (f[i + 3] - m)))
                  + ((g4 * (f[i + 4] - m) + g5 * (f[i + 5] - m)) + (g6 * (f[i + 6] - m) + g7 * (f[i + 7] - m)));
      }
      for (; i < end; i = (i + 1) & 0x3fffffff) {
        const j = (i + toDy) & 0x3fffffff;
        const g = f[j];
        first += g;
        second += g * (f[i] - m);
      }
      k[at + FIRST * pitch + c] += first;
      k[at + SECOND * pitch + c] += second;
    }
  }
}

/** The same of dy behind ReLU. Four values a turn: what the branches cost does not get less with eight. */
// biome-ignore format: four values a line
export function gradientSumsRelu(
  f: Float32Array, k: Float64Array, x: number, toDy: number, at: number, pitch: number,
  batch: number, channels: number, spatial: number,
): void {
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const m = k[at + c];
      const s = k[at + SCALE * pitch + c];
      const b = k[at + SHIFT * pitch + c];
      let first = 0;
      let second = 0;
      let i = (x + (n * channels + c) * spatial) & 0x3fffffff;
      const end = (i + spatial) & 0x3fffffff;
      for (const last = end - 3; i < last; i = (i + 4) & 0x3fffffff) {
        const j = (i + toDy) & 0x3fffffff;
        const d0 = f[i] - m, d1 = f[i + 1] - m, d2 = f[i + 2] - m, d3 = f[i + 3] - m;
        const g0 = d0 * s + b <= VANISHING ? 0 : f[j];
        const g1 = d1 * s + b <= VANISHING ? 0 : f[j + 1];
        const g2 = d2 * s + b <= VANISHING ? 0 : f[j + 2];
        const g3 = d3 * s + b <= VANISHING ? 0 : f[j + 3];
        first += (g0 + g1) + (g2 + g3);
        second += (g0 * d0 + g1 * d1) + (g2 * d2 + g3 * d3);
      }
      for (; i < end; i = (i + 1) & 0x3fffffff) {
        const j = (i + toDy) & 0x3fffffff;
        const d = f[i] - m;
        const g = d * s + b <= VANISHING ? 0 : f[j];
        first += g;
        second += g * d;
      }
      k[at + FIRST * pitch + c] += first;
      k[at + SECOND * pitch + c] += second;
    }
  }
}
