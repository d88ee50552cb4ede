import { Op } from "./ops";
import { Column } from "./row-columns";
import { MEAN, MEAN_OF_DX, OFFSET, RECORD, SCALE, SCALE_OF_DX, Scratch, SHIFT, SLOPE } from "./scratch";
import { Term } from "./terms";

/**
 * Loops over the columns in [from, to), whole vectors, of groups of rows of `width` columns. The rows of a group are
 * `pitch` bytes apart, and behind each of them lies that of the next group.
 */

/**
 * Adds the values of `groups` groups to the float32 sums.
 *
 * blocks: for every four columns four first sums, then four second sums, float32; coefficients: those of `width`
 * columns.
 */
export function reduce<T extends Term>(
  blocks: usize,
  a: usize,
  b: usize,
  toPassed: usize,
  coefficients: usize,
  width: usize,
  pitch: usize,
  groups: usize,
  from: usize,
  to: usize,
): void {
  const term = changetype<T>(0);
  const delta = b - a;
  const zero = f32x4.splat(0);
  const skipped = (width - (to - from)) << 2;
  a += from << 2;
  for (; groups; groups--) {
    let block = blocks + (from << 3);
    let record = Scratch.record(coefficients, from);
    for (const end = a + ((to - from) << 2); a < end; a += 16) {
      const mean = term.slots() & (1 << MEAN) ? v128.load(record, 16 * MEAN) : zero;
      const scale = term.slots() & (1 << SCALE) ? v128.load(record, 16 * SCALE) : zero;
      const limit = term.limit(term.slots() & (1 << SHIFT) ? v128.load(record, 16 * SHIFT) : zero);
      if (term.readsB()) Column.addFour<T>(block, a, delta, toPassed, pitch, mean, scale, limit);
      else Column.addEight<T>(block, a, pitch, mean);
      block += 32;
      record += RECORD;
    }
    a += skipped;
  }
}

/**
 * out = op(a, b) for op number `number` over `groups` groups; `toA` and `toB` lead from out to the inputs, in bytes.
 * out may be one of them. coefficients: those of `width` columns.
 */
export function map<O extends Op>(
  number: i32,
  out: usize,
  toA: usize,
  toB: usize,
  coefficients: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
  from: usize,
  to: usize,
): void {
  const op = changetype<O>(0);
  const zero = f32x4.splat(0);
  const toSecond = Scratch.toSecond(Scratch.pitch(width));
  const skipped = (width - (to - from)) << 2;
  out += from << 2;
  for (; groups; groups--) {
    let record = Scratch.record(coefficients, from);
    const end = out + ((to - from) << 2);
    // Eight columns at a time: inference takes 0.90 to 0.95 of the time, because addresses cost as much as arithmetic.
    // With two inputs it was 0.97, for 1.7 kB.
    for (const even = out + (((to - from) & ~7) << 2); !op.readsB() && out < even; out += 32) {
      const mean = v128.load(record, 16 * MEAN);
      const scale = v128.load(record, 16 * SCALE);
      const shift = v128.load(record, 16 * SHIFT);
      const mean1 = v128.load(record, RECORD + 16 * MEAN);
      const scale1 = v128.load(record, RECORD + 16 * SCALE);
      const shift1 = v128.load(record, RECORD + 16 * SHIFT);
      let at = out;
      Column.mapTwo<O>(at, toA, mean, scale, shift, mean1, scale1, shift1, zero);
      at += pitch;
      Column.mapTwo<O>(at, toA, mean, scale, shift, mean1, scale1, shift1, zero);
      if (rows > 2) {
        at += pitch;
        Column.mapTwo<O>(at, toA, mean, scale, shift, mean1, scale1, shift1, zero);
        at += pitch;
        Column.mapTwo<O>(at, toA, mean, scale, shift, mean1, scale1, shift1, zero);
      }
      record += 2 * RECORD;
    }
    for (; out < end; out += 16) {
      const second = record + toSecond;
      const mean = op.slots() & (1 << MEAN) ? v128.load(record, 16 * MEAN) : v128.load(second, 16 * MEAN_OF_DX);
      const scale = op.slots() & (1 << SCALE) ? v128.load(record, 16 * SCALE) : v128.load(second, 16 * SCALE_OF_DX);
      const shift = op.slots() & (1 << SHIFT) ? v128.load(record, 16 * SHIFT) : zero;
      const offset = op.slots() & (1 << OFFSET) ? v128.load(second, 16 * OFFSET) : zero;
      const slope = op.slots() & (1 << SLOPE) ? v128.load(second, 16 * SLOPE) : zero;
      const limit = op.limit(shift);
      const hoisted = op.hoisted(number, slope);
      let at = out;
      Column.map<O>(at, toA, toB, mean, scale, shift, offset, slope, limit, hoisted);
      at += pitch;
      Column.map<O>(at, toA, toB, mean, scale, shift, offset, slope, limit, hoisted);
      if (rows > 2) {
        at += pitch;
        Column.map<O>(at, toA, toB, mean, scale, shift, offset, slope, limit, hoisted);
        at += pitch;
        Column.map<O>(at, toA, toB, mean, scale, shift, offset, slope, limit, hoisted);
      }
      record += RECORD;
    }
    out += skipped;
  }
}
