import { fillBlock, Mask, mapStrip } from "./float64";
import { MEAN, Scratch } from "./scratch";
import { GRADIENT } from "./terms";
import { Vector } from "./vector";

/** The loops of row-blocks.ts in float64, over any number of rows in a group. */

/** So many groups of rows are taken at most for four columns, before the next four. */
const ROWS_PER_STRIP: usize = 16;

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
    // By their number: behind the last row the addresses may end.
    for (let left = groups; left; left--) {
      let at = group;
      // Two loops: a decision for each vector makes statistics 1.3 times slower.
      for (let row = rows; row && term < GRADIENT; row--) {
        const low = f64x2.sub(Vector.low(v128.load64_zero(at)), meanLow);
        const high = f64x2.sub(Vector.low(v128.load64_zero(at, 8)), meanHigh);
        firstsLow = f64x2.add(firstsLow, low);
        firstsHigh = f64x2.add(firstsHigh, high);
        secondsLow = f64x2.add(secondsLow, f64x2.mul(low, low));
        secondsHigh = f64x2.add(secondsHigh, f64x2.mul(high, high));
        at += pitch;
      }
      for (let row = rows; row && term >= GRADIENT; row--) {
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
      group += stride;
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
        const low = Vector.low(v128.load64_zero(at));
        const high = Vector.low(v128.load64_zero(at, 8));
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
 * out = op(a, b) for columns of which FLOAT64 names some. Each vector is read and stored once, so nothing is lost in place.
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
