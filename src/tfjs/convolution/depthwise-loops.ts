import { type Geometry, positionsInside } from "./geometry.js";

/** Where the terms of one tap in one row are: indices into x, dy (until `end`) and the sums. */
interface Run {
  x: number;
  dy: number;
  end: number;
  sum: number;
}

/**
 * Adds to sums[i, j, k] the terms of row `row` of dy, counted over the batch:
 * sum over q of x[n, p·strideHeight + i - top, q·strideWidth + j - left, ⌊k / M⌋] · dy[n, p, q, k].
 * Row by row, so that both rows stay in the cache for all taps.
 */
export function addFilterRow(sums: Float64Array, x: Float32Array, dy: Float32Array, g: Geometry, row: number): void {
  const n = Math.floor(row / g.outHeight) | 0;
  const top = (row - n * g.outHeight) * g.strideHeight - g.top;
  const add = g.inChannels === g.outChannels ? addChannels : addMultiples;
  for (let i = 0; i < g.filterHeight; i++) {
    const h = top + i;
    if (h < 0 || h >= g.inHeight) {
      continue;
    }
    for (let j = 0; j < g.filterWidth; j++) {
      const [from, before] = positionsInside(g.outWidth, g.strideWidth, j - g.left, g.inWidth);
      const run: Run = {
        x: ((n * g.inHeight + h) * g.inWidth + from * g.strideWidth + j - g.left) * g.inChannels,
        dy: (row * g.outWidth + from) * g.outChannels,
        end: (row * g.outWidth + before) * g.outChannels,
        sum: (i * g.filterWidth + j) * g.outChannels,
      };
      add(sums, x, dy, run, g);
    }
  }
}

/** M = 1, four channels at once: one channel alone waits for each addition before the next. */
function addChannels(sums: Float64Array, x: Float32Array, dy: Float32Array, run: Run, g: Geometry): void {
  const { x: atX, dy: atDy, end, sum } = run;
  const channels = g.inChannels;
  const step = g.strideWidth * channels;
  let c = 0;
  for (; c + 4 <= channels; c += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let d = atDy + c, v = atX + c; d < end; d += channels, v += step) {
      s0 += x[v] * dy[d];
      s1 += x[v + 1] * dy[d + 1];
      s2 += x[v + 2] * dy[d + 2];
      s3 += x[v + 3] * dy[d + 3];
    }
    const at = sum + c;
    sums[at] += s0;
    sums[at + 1] += s1;
    sums[at + 2] += s2;
    sums[at + 3] += s3;
  }
  for (; c < channels; c++) {
    addChannel(sums, x, dy, { x: atX + c, dy: atDy + c, end, sum: sum + c }, g);
  }
}

/** Any M. */
function addMultiples(sums: Float64Array, x: Float32Array, dy: Float32Array, run: Run, g: Geometry): void {
  const multiplier = g.outChannels / g.inChannels;
  for (let k = 0; k < g.outChannels; k++) {
    const c = Math.floor(k / multiplier) | 0;
    addChannel(sums, x, dy, { x: run.x + c, dy: run.dy + k, end: run.end, sum: run.sum + k }, g);
  }
}

function addChannel(sums: Float64Array, x: Float32Array, dy: Float32Array, run: Run, g: Geometry): void {
  const { end } = run;
  const channels = g.outChannels;
  const step = g.strideWidth * g.inChannels;
  let sum = 0;
  for (let d = run.dy, v = run.x; d < end; d += channels, v += step) {
    sum += x[v] * dy[d];
  }
  sums[run.sum] += sum;
}

/**
 * Writes dy to `heap` at `to` as [n, inHeight + filterHeight - 1, inWidth + filterWidth - 1, k], such that the gradient of
 * x is a convolution of it at stride 1: rows and columns `strideHeight` and `strideWidth` apart, zeros elsewhere. What no
 * value of x took part in is left out. Reads dy from `heap` at `from`.
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
