import { type Geometry, positionsInside } from "./geometry.js";

/**
 * Writes dy to `heap` at `to` as [n, inHeight + filterHeight - 1, inWidth + filterWidth - 1, k], such that the gradient
 * of x is a convolution of it at stride 1: rows and columns `strideHeight` and `strideWidth` apart, zeros elsewhere.
 * Rows and columns of dy that no value of x contributes to are left out. Reads dy from `heap` at `from`.
 */
export function spread(heap: Float32Array, to: number, from: number, g: Geometry): void {
  const [height, width] = [g.inHeight + g.filterHeight - 1, g.inWidth + g.filterWidth - 1];
  const [top, left] = [g.filterHeight - 1 - g.top, g.filterWidth - 1 - g.left];
  const [first, end] = positionsInside(g.outWidth, g.strideWidth, left, width);
  const size = g.outChannels;
  heap.fill(0, to, to + g.batch * height * width * size);
  for (let row = 0; row < g.batch * g.outHeight; row++) {
    const n = Math.floor(row / g.outHeight) | 0;
    const h = (row - n * g.outHeight) * g.strideHeight + top;
    if (h < 0 || h >= height) {
      continue;
    }
    const at = to + (n * height + h) * width * size;
    const source = from + row * g.outWidth * size;
    if (g.strideWidth === 1) {
      heap.copyWithin(at + (first + left) * size, source + first * size, source + end * size);
      continue;
    }
    for (let q = first; q < end; q++) {
      heap.copyWithin(at + (q * g.strideWidth + left) * size, source + q * size, source + (q + 1) * size);
    }
  }
}
