import { Scratch } from "./coefficients";
import { WIDE } from "./ops";
import { GROUP } from "./row-columns";
import { addRows, groupOf, mapRows } from "./row-dispatch";
import { Vector } from "./vector";

/**
 * Loops over channels-last memory. Several rows are taken as one wider row ("folded") so that vectors fill; what remains
 * after the last whole folded row is the beginning of one more. Channels-first memory with planes too small for vectors
 * is the same with each channel `run` columns wide: column j belongs to channel (j / run) mod channels. `a` and `b` are
 * two inputs of the same extents; for an operation that reads only `a` they are the same.
 *
 * A group of rows is taken together, four columns at a time: what is loaded and stored for a column (sums, coefficients)
 * then serves them all, and the memory is read in its order but for the size of the group. What does not fill a group,
 * and rows that end within a vector, pass through copies in the scratch, in rows of whole vectors.
 */

/** Groups added to the float32 sums before those are carried to f64. */
const BLOCK: usize = 8;

/**
 * Adds the sums of the term's two values over column j to its first and second sum.
 *
 * sums: 2 arrays of `width` f64, `Scratch.seconds` apart; a, b: `total` float32; coefficients: 5 arrays of `width` float32.
 */
export function reduce(
  term: i32,
  sums: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  total: usize,
  width: usize,
): void {
  let group = groupOf(term);
  const pitch = Scratch.whole(width);
  const blocks = term == WIDE ? sums : Scratch.blocks(sums, width);
  const copyA = Scratch.copies(coefficients, width);
  const copyB = copyA + ((pitch * group) << 2);
  while (total) {
    if (term == WIDE) group = max(1, min(group, total / width));
    const groups = groupsOf(total, group, width);
    let done = group * groups * width;
    if (groups) {
      const stride = (groups * width) << 2;
      for (let first: usize = 0; first < groups; first += BLOCK) {
        const at = (first * width) << 2;
        addRows(term, blocks, a + at, b + at, coefficients, width, stride, group, min(groups - first, BLOCK));
        if (term != WIDE) carry(sums, blocks, width);
      }
    } else {
      // Lanes without a value add nothing to any sum: x at the mean (or, about no pivot, 0), dy 0.
      done = min(total, group * width);
      memory.fill(copyA, 0, pitch << 5);
      for (let row: usize = 0; row < GROUP && term > WIDE; row++) {
        memory.copy(copyA + ((row * pitch) << 2), coefficients, pitch << 2);
      }
      copyRows(copyA, pitch, a, width, width, done);
      if (a != b) copyRows(copyB, pitch, b, width, width, done);
      addRows(term, blocks, copyA, copyB, coefficients, pitch, pitch << 2, group, 1);
      if (term != WIDE) carry(sums, blocks, width);
    }
    total -= done;
    a += done << 2;
    b += done << 2;
  }
}

/** Copies `total` values in rows of `width`, which are so many values apart at either place. */
function copyRows(to: usize, toPitch: usize, from: usize, fromPitch: usize, width: usize, total: usize): void {
  for (; total; total -= width) {
    width = min(width, total);
    memory.copy(to, from, width << 2);
    to += toPitch << 2;
    from += fromPitch << 2;
  }
}

/**
 * Groups of `group` rows in `total` values. The rows of a group are that many rows apart: each is the front of a stretch of
 * memory that is read in order. Fronts about a multiple of 4096 bytes apart would meet in the same sets of the first cache
 * (gradients took 2.5 times as long).
 */
function groupsOf(total: usize, group: usize, width: usize): usize {
  let groups: usize = width & 3 ? 0 : total / (group * width);
  while (groups > 16 && ((groups * width + 128) & 1023) < 256) groups--;
  return groups;
}

/** Carries the float32 sums of all columns to f64, and sets them to 0. */
function carry(sums: usize, block: usize, width: usize): void {
  const toSeconds = Scratch.seconds(0, width);
  for (const end = block + (width << 3); block < end; block += 32) {
    const s = v128.load(block);
    Vector.addEach(sums, s);
    Vector.addEach(sums + toSeconds, v128.load(block, 16));
    v128.store(block, Vector.zero(s));
    v128.store(block, Vector.zero(s), 16);
    sums += 32;
  }
}

/** out = op(a, b). out, a, b: `total` float32; out may be a or b. coefficients: 5 arrays of `width` float32. */
export function map(op: i32, out: usize, a: usize, b: usize, coefficients: usize, total: usize, width: usize): void {
  const pitch = Scratch.whole(width);
  const copyA = Scratch.copies(coefficients, width);
  const copyB = copyA + ((pitch * GROUP) << 2);
  const toA = a - out;
  const toB = b - out;
  const rows = width & 1023 ? GROUP : 2;
  while (total) {
    const groups = groupsOf(total, rows, width);
    let done = rows * groups * width;
    if (groups) {
      mapRows(op, out, toA, toB, coefficients, width, (groups * width) << 2, rows, groups);
    } else {
      done = min(total, rows * width);
      copyRows(copyA, pitch, out + toA, width, width, done);
      if (a != b) copyRows(copyB, pitch, out + toB, width, width, done);
      mapRows(op, copyA, 0, copyB - copyA, coefficients, pitch, pitch << 2, rows, 1);
      copyRows(out, width, copyA, pitch, width, done);
    }
    total -= done;
    out += done << 2;
  }
}
