import { type Geometry, positionsInside } from "./geometry.js";

/**
 * Writes patches[i, j, c, p, q, n] = x[n, p·strideHeight + i - top, q·strideWidth + j - left, c] for the rows p in
 * [from, before) to `heap` at `to`, zero outside x. Reads x as [c, h, w, n] at `x`. With the batch innermost and stride
 * 1, one tap reads outWidth·batch adjacent values of a row of x. Copying these takes a tenth of the time of a loop over
 * single values in the order of x.
 */
export function patches(heap: Float32Array, to: number, x: number, g: Geometry, from: number, before: number): void {
  const run = g.outWidth * g.batch;
  let at = to;
  for (let i = 0; i < g.filterHeight; i++) {
    for (let j = 0; j < g.filterWidth; j++) {
      const [first, end] = positionsInside(g.outWidth, g.strideWidth, j - g.left, g.inWidth);
      for (let c = 0; c < g.inChannels; c++) {
        for (let p = from; p < before; p++, at += run) {
          const h = p * g.strideHeight + i - g.top;
          if (h < 0 || h >= g.inHeight || first === end) {
            heap.fill(0, at, at + run);
            continue;
          }
          heap.fill(0, at, at + first * g.batch);
          heap.fill(0, at + end * g.batch, at + run);
          const w = first * g.strideWidth + j - g.left;
          const source = x + ((c * g.inHeight + h) * g.inWidth + w) * g.batch;
          copyPixels(heap, at + first * g.batch, source, end - first, g.batch, g.strideWidth);
        }
      }
    }
  }
}

/** Copies `count` pixels of `size` values, `stride` pixels apart. */
function copyPixels(heap: Float32Array, to: number, from: number, count: number, size: number, stride: number): void {
  if (stride === 1) {
    heap.copyWithin(to, from, from + count * size);
    return;
  }
  for (let q = 0; q < count; q++) {
    const source = from + q * stride * size;
    if (size >= 16) {
      heap.copyWithin(to + q * size, source, source + size);
      continue;
    }
    for (let n = 0; n < size; n++) {
      heap[to + q * size + n] = heap[source + n];
    }
  }
}

/**
 * The transpose of `patches`, for another order of values. Adds terms[n·p, q, i, j, c], for the rows n·p in [from,
 * before), to dx[n, p·strideHeight + i - top, q·strideWidth + j - left, c], unless that lies outside dx.
 */
export function addTerms(dx: Float32Array, terms: Float32Array, g: Geometry, from: number, before: number): void {
  const channels = g.inChannels;
  const rowOfTerms = g.filterWidth * channels;
  for (let row = from; row < before; row++) {
    const n = Math.floor(row / g.outHeight) | 0;
    const top = (row - n * g.outHeight) * g.strideHeight - g.top;
    for (let i = 0; i < g.filterHeight; i++) {
      const h = top + i;
      if (h < 0 || h >= g.inHeight) {
        continue;
      }
      for (let q = 0; q < g.outWidth; q++) {
        const w = q * g.strideWidth - g.left;
        const first = Math.max(0, -w);
        const end = Math.max(first, Math.min(g.filterWidth, g.inWidth - w));
        const at = ((n * g.inHeight + h) * g.inWidth + w) * channels;
        const source = (((row - from) * g.outWidth + q) * g.filterHeight + i) * rowOfTerms;
        for (let k = first * channels; k < end * channels; k++) {
          dx[at + k] += terms[source + k];
        }
      }
    }
  }
}
