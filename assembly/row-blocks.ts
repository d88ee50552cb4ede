import { fillBlock, Mask, mapStrip } from "./float64";
import { Op } from "./ops";
import { Column } from "./row-columns";
import { MEAN, OFFSET, RECORD, SCALE, Scratch, SHIFT, SLOPE } from "./scratch";
import { GRADIENT, RAW, Term } from "./terms";
import { Vector } from "./vector";

/** In float64 so many groups of rows are taken at most for four columns, before the next four. */
const ROWS_PER_STRIP: usize = 16;

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
      else Column.addEight<T>(block, a, pitch);
      block += 32;
      record += RECORD;
    }
    a += skipped;
  }
}

/**
 * Adds in float64 d = x - MEAN and d^2, or dy behind the activation and dy * d. sums: two arrays of `width` f64;
 * scratch: coefficients of `width` columns.
 */
export function reduceFloat64(
  term: i32,
  sums: usize,
  a: usize,
  b: usize,
  scratch: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
  from: usize,
  to: usize,
): void {
  const delta = b - a;
  const slots = Scratch.pitch(width);
  const block = Scratch.block(scratch, slots);
  const stride = width << 2;
  for (let c = from; c < to; c += 4) {
    if (term > GRADIENT) fillBlock(block, scratch, slots, c, 1);
    const wide = Mask.isWide(block);
    const sum = sums + (c << 3);
    const seconds = sum + 2 * slots;
    const mean = v128.load(Scratch.record(scratch, c), 16 * MEAN);
    const meanLow = Vector.low(mean);
    const meanHigh = Vector.high(mean);
    let firstsLow = v128.load(sum);
    let firstsHigh = v128.load(sum, 16);
    let secondsLow = v128.load(seconds);
    let secondsHigh = v128.load(seconds, 16);
    let group = a + (c << 2);
    for (const end = group + groups * stride; group < end; group += stride) {
      let at = group;
      // Two loops: a decision for each vector makes statistics 1.3 times slower.
      for (let row = rows; row && term == RAW; row--) {
        const x = v128.load(at);
        const low = f64x2.sub(Vector.low(x), meanLow);
        const high = f64x2.sub(Vector.high(x), meanHigh);
        firstsLow = f64x2.add(firstsLow, low);
        firstsHigh = f64x2.add(firstsHigh, high);
        secondsLow = f64x2.add(secondsLow, f64x2.mul(low, low));
        secondsHigh = f64x2.add(secondsHigh, f64x2.mul(high, high));
        at += pitch;
      }
      for (let row = rows; row && term != RAW; row--) {
        const x = v128.load(at);
        let dy = v128.load(at + delta);
        if (term > GRADIENT) dy = Mask.passed(term - GRADIENT, dy, x, block, wide);
        const firstLow = Vector.low(dy);
        const firstHigh = Vector.high(dy);
        firstsLow = f64x2.add(firstsLow, firstLow);
        firstsHigh = f64x2.add(firstsHigh, firstHigh);
        secondsLow = f64x2.add(secondsLow, f64x2.mul(firstLow, f64x2.sub(Vector.low(x), meanLow)));
        secondsHigh = f64x2.add(secondsHigh, f64x2.mul(firstHigh, f64x2.sub(Vector.high(x), meanHigh)));
        at += pitch;
      }
    }
    v128.store(sum, firstsLow);
    v128.store(sum, firstsHigh, 16);
    v128.store(seconds, secondsLow);
    v128.store(seconds, secondsHigh, 16);
  }
}

/** Adds x and x^2 in float64: the products are exact. A subtraction of 0 would make it 1.3 times slower. */
export function reduceRaw64(
  sums: usize,
  x: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
  from: usize,
  to: usize,
): void {
  const toSeconds = Scratch.pitch(width) << 1;
  const skipped = (width - (to - from)) << 2;
  x += from << 2;
  for (; groups; groups--) {
    let sum = sums + (from << 3);
    for (const end = x + ((to - from) << 2); x < end; x += 16) {
      let firstsLow = v128.load(sum);
      let firstsHigh = v128.load(sum, 16);
      let secondsLow = v128.load(sum + toSeconds);
      let secondsHigh = v128.load(sum + toSeconds, 16);
      let at = x;
      for (let row = rows; row; row--) {
        const value = v128.load(at);
        const low = Vector.low(value);
        const high = Vector.high(value);
        firstsLow = f64x2.add(firstsLow, low);
        firstsHigh = f64x2.add(firstsHigh, high);
        secondsLow = f64x2.add(secondsLow, f64x2.mul(low, low));
        secondsHigh = f64x2.add(secondsHigh, f64x2.mul(high, high));
        at += pitch;
      }
      v128.store(sum, firstsLow);
      v128.store(sum, firstsHigh, 16);
      v128.store(sum + toSeconds, secondsLow);
      v128.store(sum + toSeconds, secondsHigh, 16);
      sum += 32;
    }
    x += skipped;
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
    for (const end = out + ((to - from) << 2); out < end; out += 16) {
      const second = record + toSecond;
      const mean = op.slots() & (1 << MEAN) ? v128.load(record, 16 * MEAN) : zero;
      const scale = op.slots() & (1 << SCALE) ? v128.load(record, 16 * SCALE) : zero;
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

/**
 * The same for columns of which FLOAT64 names some. Each vector is read and stored once, so nothing is lost in place.
 */
export function mapFloat64(
  op: i32,
  out: usize,
  toA: usize,
  toB: usize,
  scratch: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
  from: usize,
  to: usize,
): void {
  const slots = Scratch.pitch(width);
  const block = Scratch.block(scratch, slots);
  // A few rows at a time: all rows of four columns, one after the other, would leave the cache at each step.
  for (let first: usize = 0; first < groups; first += ROWS_PER_STRIP) {
    const count = min(groups - first, ROWS_PER_STRIP);
    for (let c = from; c < to; c += 4) {
      fillBlock(block, scratch, slots, c, 1);
      for (let row: usize = 0; row < rows; row++) {
        mapStrip(op, out + (c << 2) + row * pitch, toA, toB, block, width << 2, count);
      }
    }
    out += (width * count) << 2;
  }
}
