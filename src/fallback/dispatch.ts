import { clearSums, gather, spread } from "./channels.js";
import type { Heap } from "./heap.js";
import type { deviations, normalize } from "./loops.js";
import { foldOf, TILE } from "./slots.js";

/**
 * One `reduce` and one `map` over either shape of memory. V8 compiles a function once for all its callers, so a loop
 * over an operation that is an argument would call it for each value. Therefore each operation has its own loops. V8
 * does not unroll loops, and a page's policy may forbid to generate code. So the build generates them.
 */
type Reduction = typeof deviations;
/** If there is no loop for tiles, the loop for the rest takes all columns. */
type Mapping = Omit<(typeof normalize)[number], "tile"> & Partial<(typeof normalize)[number]>;

/** Values of one array in a block of rows: 512 KB, so that the next tile finds its cache lines in the L2 cache. */
const BLOCK = 131072;

/**
 * If at least this many columns follow the last tile, they form another tile with some columns before them, which are
 * computed again. Columns outside a tile take two to three times as long. In place this is impossible, because the
 * inputs are overwritten.
 */
const FEW_COLUMNS = 10;

/** Computes the sums of every channel in its arrays FIRST and SECOND. x and dy are addresses. */
export function reduce(
  { planes, rows }: Reduction,
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

/** Stores the result of `operation` for every value of x. x and the others are addresses. */
export function map(
  operation: Mapping,
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
    operation.planes(f, k, first, toDy, toOut, at, pitch, 1, 1, batch * spatial);
    return;
  }
  if (spatial > 1) {
    operation.planes(f, k, first, toDy, toOut, at, pitch, batch, channels, spatial);
    return;
  }
  const fold = foldOf(batch, channels);
  const columns = fold * channels;
  const folded = Math.floor(batch / fold);
  spread(k, at, pitch, channels, columns);
  mapRows(operation, f, k, first, toDy, toOut, at, pitch, folded, columns);
  const left = batch - folded * fold;
  if (left > 0) operation.rest(f, k, first + folded * columns, toDy, toOut, at, pitch, left, channels, 0);
}

function mapRows(
  { tile, rest }: Mapping,
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
    for (let c = 0; c <= columns - TILE; c += TILE) tile(f, k, first + c, toDy, toOut, at, pitch, end, columns, c);
    if (left < FEW_COLUMNS || inPlace) continue;
    const c = columns - TILE;
    tile(f, k, first + c, toDy, toOut, at, pitch, end, columns, c);
  }
  if (left > 0 && (left < FEW_COLUMNS || inPlace)) {
    rest(f, k, x, toDy, toOut, at, pitch, rows, columns, columns - left);
  }
}
