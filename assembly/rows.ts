import { INPUT_GRADIENT, NORMALIZE_ADD } from "./ops";
import { GROUP, ROWS_PER_BLOCK_ONE_INPUT } from "./row-columns";
import { addRows, addRowsFloat64, mapRows } from "./row-dispatch";
import { MEAN, repeatForGradient, Scratch } from "./scratch";
import { FLOAT64_ALL, FLOAT64_SOME, GRADIENT, RAW } from "./terms";
import { Vector } from "./vector";

/**
 * Loops over channels-last memory. Several rows are taken as one wider row ("folded") so that vectors fill; what
 * remains after the last whole folded row is the beginning of one more. Channels-first memory with small planes is the
 * same, where each channel is `spatial` columns wide: column j belongs to channel (j / spatial) mod channels. `a` and
 * `b` are two inputs of the same extents; for an operation that reads only `a` they are the same.
 *
 * A group of rows is taken together, four columns at a time: what is loaded and stored for a column (sums,
 * coefficients) then serves them all. What does not fill a group, and rows that end within a vector, pass through
 * copies in the scratch, in rows of whole vectors.
 *
 * Columns before `from` and from `to` on are left out where rows are whole vectors.
 */

/** So many groups are added to the float32 sums before those are accumulated in f64. */
const BLOCK: usize = 8;

/**
 * The sums of the term's two values over each column in [from, to). `mode` is FLOAT32, FLOAT64_SOME or FLOAT64_ALL.
 *
 * sums: 2 arrays of `width` f64, `Scratch.seconds` apart; a, b: `total` float32; scratch: coefficients of
 * `width` columns; passed: `total` float32 for the first values, or 0 (absent).
 */
export function reduce(
  term: i32,
  mode: i32,
  sums: usize,
  a: usize,
  b: usize,
  passed: usize,
  scratch: usize,
  total: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  let group = term < GRADIENT ? ROWS_PER_BLOCK_ONE_INPUT : GROUP;
  const pitch = Scratch.whole(width);
  const slots = Scratch.pitch(width);
  const blocks = Scratch.blocks(scratch, slots);
  const copyA = Scratch.copies(scratch, slots);
  const copyB = copyA + ((pitch * group) << 2);
  if (!mode) Vector.clear(blocks, pitch << 2, pitch >> 1);
  // The first block is stored; what is added from the start needs zeros.
  let isFirst = !mode && total >= group * width;
  if (!isFirst) Vector.clear(sums + (from << 3), slots << 1, to - from);
  while (total) {
    // In float64 what is left takes no copies.
    if (term < GRADIENT && !(width & 3) && total < group * width) mode = mode ? mode : FLOAT64_ALL;
    if (mode) group = max(1, min(group, total / width));
    const groups = groupsOf(total, group, width);
    let done = group * groups * width;
    let fromA = a;
    let fromB = b;
    let toPassed = passed ? passed - a : 0;
    let columns = width;
    let stride = (groups * width) << 2;
    if (!groups) {
      // Lanes without a value add nothing to any sum: x at the mean (or, about no pivot, 0), dy 0.
      done = min(total, group * width);
      memory.fill(copyA, 0, pitch << 5);
      for (let row: usize = 0; row < group && (mode == FLOAT64_SOME || term != RAW); row++) {
        const target = copyA + ((row * pitch) << 2);
        for (let c: usize = 0; c < pitch; c += 4) {
          v128.store(target + (c << 2), v128.load(Scratch.record(scratch, c), 16 * MEAN));
        }
      }
      copyRows(copyA, pitch, a, width, width, done, from, to);
      if (term >= GRADIENT) copyRows(copyB, pitch, b, width, width, done, from, to);
      fromA = copyA;
      fromB = copyB;
      if (passed) toPassed = copyB - copyA;
      columns = pitch;
      stride = pitch << 2;
    }
    for (let first: usize = 0; first < max(1, groups); first += BLOCK) {
      const at = (first * width) << 2;
      const some = min(max(1, groups) - first, BLOCK);
      const end = to == width ? columns : to;
      // biome-ignore format: the arguments of one loop
      if (mode) {
        addRowsFloat64(term, mode, sums, fromA + at, fromB + at, scratch, columns, stride, group, some, from, end);
      } else {
        addRows(term, blocks, fromA + at, fromB + at, toPassed, scratch, columns, stride, some, from, end);
        accumulate(sums, blocks, width, isFirst, from, end);
        isFirst = false;
      }
    }
    if (passed) {
      if (!groups) copyRows(passed, width, copyB, pitch, width, done, from, to);
      passed += done << 2;
    }
    total -= done;
    a += done << 2;
    b += done << 2;
  }
}

/**
 * Copies the columns in [from, to) of `total` values in rows of `width`, which are `targetPitch` and `sourcePitch`
 * values apart.
 */
function copyRows(
  target: usize,
  targetPitch: usize,
  source: usize,
  sourcePitch: usize,
  width: usize,
  total: usize,
  from: usize,
  to: usize,
): void {
  target += from << 2;
  source += from << 2;
  for (; total; total -= width) {
    width = min(width, total);
    memory.copy(target, source, (min(to, width) - from) << 2);
    target += targetPitch << 2;
    source += sourcePitch << 2;
  }
}

/**
 * Groups of `group` rows in `total` values. The rows of a group are that many rows apart: each is the front of a
 * stretch of memory that is read in order. Fronts about a multiple of 4096 bytes apart would meet in the same sets of
 * the L1 cache (gradients took 2.5 times as long).
 */
function groupsOf(total: usize, group: usize, width: usize): usize {
  let groups: usize = width & 3 ? 0 : total / (group * width);
  while (groups > 16 && areFrontsNear(groups, width)) groups--;
  return groups;
}

function areFrontsNear(groups: usize, width: usize): bool {
  return ((groups * width + 128) & 1023) < 256;
}

/**
 * Whether a reduction of two inputs may store its first values, too. Where the fronts meet in the L1 cache a third
 * array makes a backward step 1.2 to 1.4 times slower.
 */
export function canStore(total: usize, width: usize): bool {
  const groups = groupsOf(total, GROUP, width);
  return !groups || !areFrontsNear(groups, width);
}

/** Adds the float32 sums of the columns in [from, to) to their float64 sums, which the first ones replace, and clears them. */
function accumulate(sums: usize, blocks: usize, width: usize, isFirst: bool, from: usize, to: usize): void {
  const toSeconds = Scratch.pitch(width) << 1;
  let block = blocks + (from << 3);
  let sum = sums + (from << 3);
  for (const end = blocks + (to << 3); block < end; block += 32) {
    const firsts = v128.load(block);
    const seconds = v128.load(block, 16);
    if (isFirst) {
      v128.store(sum, Vector.low(firsts));
      v128.store(sum, Vector.high(firsts), 16);
      v128.store(sum + toSeconds, Vector.low(seconds));
      v128.store(sum + toSeconds, Vector.high(seconds), 16);
    } else {
      Vector.addEach(sum, firsts);
      Vector.addEach(sum + toSeconds, seconds);
    }
    v128.store(block, Vector.zero(firsts));
    v128.store(block, Vector.zero(firsts), 16);
    sum += 32;
  }
}

/**
 * out = op(a, b) in the columns in [from, to); with `beyond`, those that FLOAT64 names are computed in float64. out may
 * be a or b.
 *
 * out, a, b: `total` float32; scratch: coefficients of `width` columns.
 */
export function map(
  op: i32,
  out: usize,
  a: usize,
  b: usize,
  scratch: usize,
  beyond: bool,
  total: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const pitch = Scratch.whole(width);
  const copyA = Scratch.copies(scratch, Scratch.pitch(width));
  const copyB = copyA + ((pitch * GROUP) << 2);
  const toA = a - out;
  const toB = b - out;
  const rows = width & 1023 ? GROUP : 2;
  if (op == INPUT_GRADIENT) repeatForGradient(scratch, width, from, to);
  while (total) {
    const groups = groupsOf(total, rows, width);
    let done = rows * groups * width;
    let target = out;
    let offsetA = toA;
    let offsetB = toB;
    let columns = width;
    if (!groups) {
      done = min(total, rows * width);
      copyRows(copyA, pitch, out + toA, width, width, done, from, to);
      if (op >= NORMALIZE_ADD) copyRows(copyB, pitch, out + toB, width, width, done, from, to);
      target = copyA;
      offsetA = 0;
      offsetB = copyB - copyA;
      columns = pitch;
    }
    const end = to == width ? columns : to;
    const some = max(1, groups);
    mapRows(op, target, offsetA, offsetB, scratch, beyond, columns, (some * columns) << 2, rows, some, from, end);
    if (!groups) copyRows(out, width, copyA, pitch, width, done, from, to);
    total -= done;
    out += done << 2;
  }
}
