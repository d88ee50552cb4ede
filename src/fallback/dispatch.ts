import { clearSums, gather, spread } from "./channels.js";
import type { Heap } from "./heap.js";
import * as planeMaps from "./planes-maps.js";
import * as planeSums from "./planes-sums.js";
import * as rest from "./rows-rest.js";
import * as rowSums from "./rows-sums.js";
import * as tiles from "./rows-tiles.js";
import * as gradientTiles from "./rows-tiles-gradient.js";
import { foldOf, TILE } from "./slots.js";

/**
 * One `reduce` and one `map` over either shape of memory. V8 compiles a function once for all that call it, and a loop over
 * an operation that is an argument calls it for each value: so each operation has loops of its own, unrolled in the
 * source, since V8 unrolls none and a page's policy may forbid to generate them.
 */
type Loop = typeof planeSums.deviations;
type RowsLoop = typeof rowSums.deviations;

export interface Terms {
  readonly planes: Loop;
  readonly rows: RowsLoop;
}

export interface Op {
  readonly planes: typeof planeMaps.normalize;
  /** Absent: all columns go with the rest. */
  readonly tile?: typeof tiles.normalize;
  readonly rest: typeof rest.normalize;
}

export const DEVIATIONS: Terms = { planes: planeSums.deviations, rows: rowSums.deviations };
export const GRADIENT: Terms = { planes: planeSums.gradientSums, rows: rowSums.gradientSums };
export const GRADIENT_RELU: Terms = { planes: planeSums.gradientSumsRelu, rows: rowSums.gradientSumsRelu };

export const NORMALIZE: Op = { planes: planeMaps.normalize, tile: tiles.normalize, rest: rest.normalize };
export const NORMALIZE_RELU: Op = {
  planes: planeMaps.normalizeRelu,
  tile: tiles.normalizeRelu,
  rest: rest.normalizeRelu,
};
export const INPUT_GRADIENT: Op = {
  planes: planeMaps.inputGradient,
  tile: gradientTiles.inputGradient,
  rest: rest.inputGradient,
};
export const INPUT_GRADIENT_RELU: Op = {
  planes: planeMaps.inputGradientRelu,
  tile: gradientTiles.inputGradientRelu,
  rest: rest.inputGradientRelu,
};
export const FROZEN_GRADIENT_RELU: Op = { planes: planeMaps.frozenGradientRelu, rest: rest.frozenGradientRelu };

/** Values of one array in a block of rows: 512 KB, so that the next tile finds its lines in the second-level cache. */
const BLOCK = 131072;

/**
 * So many columns beyond the last tile, or more, make a tile with some of the columns before, which are computed again:
 * by rows-rest.ts a column takes two to three times as long. In place nothing is left to compute them from.
 */
const FEW_COLUMNS = 10;

/** The sums of every channel in its slots FIRST and SECOND. x and dy are addresses. */
export function reduce(
  { planes, rows }: Terms,
  h: Heap,
  x: number,
  dy: number,
  at: number,
  pitch: number,
  batch: number,
  channels: number,
  spatial: number,
): void {
  const { floats: f, doubles: k } = h;
  const first = x >>> 2;
  const toDy = (dy >>> 2) - first;
  if (channels === 1 || spatial > 1) {
    clearSums(k, at, pitch, channels);
    if (channels === 1) planes(f, k, first, toDy, at, pitch, 1, 1, batch * spatial);
    else planes(f, k, first, toDy, at, pitch, batch, channels, spatial);
    return;
  }
  const fold = foldOf(batch, channels);
  const columns = fold * channels;
  const folded = Math.floor(batch / fold);
  clearSums(k, at, pitch, columns);
  spread(k, at, pitch, channels, columns);
  rows(f, k, first, toDy, at, pitch, folded, columns);
  const left = batch - folded * fold;
  if (left > 0) rows(f, k, first + folded * columns, toDy, at, pitch, left, channels);
  gather(k, at, pitch, channels, columns);
}

/** What `op` stores for every value of x. Addresses again. */
export function map(
  op: Op,
  h: Heap,
  out: number,
  x: number,
  dy: number,
  at: number,
  pitch: number,
  batch: number,
  channels: number,
  spatial: number,
): void {
  const { floats: f, doubles: k } = h;
  const first = x >>> 2;
  const toDy = (dy >>> 2) - first;
  const toOut = (out >>> 2) - first;
  if (channels === 1) {
    op.planes(f, k, first, toDy, toOut, at, pitch, 1, 1, batch * spatial);
    return;
  }
  if (spatial > 1) {
    op.planes(f, k, first, toDy, toOut, at, pitch, batch, channels, spatial);
    return;
  }
  const fold = foldOf(batch, channels);
  const columns = fold * channels;
  const folded = Math.floor(batch / fold);
  spread(k, at, pitch, channels, columns);
  mapRows(op, f, k, first, toDy, toOut, at, pitch, folded, columns);
  const left = batch - folded * fold;
  if (left > 0) op.rest(f, k, first + folded * columns, toDy, toOut, at, pitch, left, channels, 0);
}

function mapRows(
  { tile, rest }: Op,
  f: Float32Array,
  k: Float64Array,
  x: number,
  toDy: number,
  toOut: number,
  at: number,
  pitch: number,
  rows: number,
  columns: number,
): void {
  if (tile === undefined || columns < TILE) {
    rest(f, k, x, toDy, toOut, at, pitch, rows, columns, 0);
    return;
  }
  const inPlace = toOut === 0 || toOut === toDy;
  const left = columns % TILE;
  const height = Math.max(TILE, Math.floor(BLOCK / columns));
  for (let r = 0; r < rows; r += height) {
    const first = x + r * columns;
    const end = x + Math.min(rows, r + height) * columns;
    for (let c = 0; c <= columns - TILE; c += TILE) tile(f, k, first + c, end, toDy, toOut, at + c, pitch, columns);
    if (left < FEW_COLUMNS || inPlace) continue;
    const c = columns - TILE;
    tile(f, k, first + c, end, toDy, toOut, at + c, pitch, columns);
  }
  if (left > 0 && (left < FEW_COLUMNS || inPlace)) {
    rest(f, k, x, toDy, toOut, at, pitch, rows, columns, columns - left);
  }
}
