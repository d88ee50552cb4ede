import { fillBlock, Mask, mapStrip } from "./float64";
import { Op } from "./ops";
import { FLOAT64, MEAN, OFFSET, SCALE, Scratch, SHIFT, SLOPE } from "./scratch";
import { GRADIENT, Term } from "./terms";
import { Vector } from "./vector";

/**
 * Loops over channels-first memory, planes of `spatial` values, 4 or more. `a` and `b` are two inputs of the same
 * extents; for an operation that reads only `a` they are the same. `column` is the address of the
 * channel's coefficients.
 */

/** At most so many bytes of an input are summed in float32 before the sum is accumulated in f64. */
const BLOCK: usize = 1024;

/**
 * Adds the sums of the term's two values over one plane to the first and second f64 sum of its channel, which are 2 *
 * `pitch` bytes apart. `delta` leads from `a` to the second input, in bytes. The rest of the plane is read in whole
 * vectors, too: the last one ends with the plane, and is masked where it overlaps.
 */
export function reduce<T extends Term>(
  sum: usize,
  a: usize,
  delta: usize,
  toPassed: usize,
  column: usize,
  pitch: usize,
  spatial: usize,
): void {
  const term = changetype<T>(0);
  const unroll: usize = term.readsB() ? 2 : 4;
  const zero = Vector.zero(v128.load32_splat(a));
  const mean = term.slots() & (1 << MEAN) ? v128.load32_splat(column, 16 * MEAN) : zero;
  const scale = term.slots() & (1 << SCALE) ? v128.load32_splat(column, 16 * SCALE) : zero;
  const limit = term.limit(term.slots() & (1 << SHIFT) ? v128.load32_splat(column, 16 * SHIFT) : zero);
  const end = a + (spatial << 2);
  const unrolledEnd = a + ((spatial & (unroll * -4)) << 2);
  do {
    let firsts = zero;
    let seconds = zero;
    for (const stop = a + min(unrolledEnd - a, BLOCK); a < stop; a += unroll * 16) {
      const a0 = v128.load(a);
      const a1 = v128.load(a, 16);
      const first0 = term.first(a0, term.readsB() ? v128.load(a + delta) : zero, mean, scale, limit);
      const first1 = term.first(a1, term.readsB() ? v128.load(a + delta, 16) : zero, mean, scale, limit);
      if (term.masks() && toPassed) {
        v128.store(a + toPassed, first0);
        v128.store(a + toPassed, first1, 16);
      }
      const pair = f32x4.add(first0, first1);
      const secondPair = term.plusSecond(term.second(first0, a0, mean), first1, a1, mean);
      if (term.readsB()) {
        firsts = f32x4.add(firsts, pair);
        seconds = f32x4.add(seconds, secondPair);
      } else {
        const a2 = v128.load(a, 32);
        const a3 = v128.load(a, 48);
        firsts = f32x4.add(firsts, f32x4.add(pair, f32x4.add(a2, a3)));
        seconds = f32x4.add(seconds, f32x4.add(secondPair, term.plusSecond(term.second(a2, a2, mean), a3, a3, mean)));
      }
    }
    while (a >= unrolledEnd && a != end) {
      const at = min(a, end - 16);
      const mask = Vector.lastLanes((end - a) >> 2);
      const a0 = v128.load(at);
      const passed = term.first(a0, term.readsB() ? v128.load(at + delta) : zero, mean, scale, limit);
      if (term.masks() && toPassed) v128.store(at + toPassed, passed);
      const first = v128.and(passed, mask);
      firsts = f32x4.add(firsts, first);
      seconds = f32x4.add(seconds, v128.and(term.second(first, a0, mean), mask));
      a = at + 16;
    }
    Vector.addSum(sum, Vector.widen(firsts));
    Vector.addSum(sum + 2 * pitch, Vector.widen(seconds));
  } while (a < end);
}

/** The same sums of x and x^2 in float64, where the products are exact. */
export function reduceRaw64(sum: usize, x: usize, pitch: usize, spatial: usize): void {
  let firstsLow = Vector.zero(v128.load32_splat(x));
  let firstsHigh = firstsLow;
  let secondsLow = firstsLow;
  let secondsHigh = firstsLow;
  const end = x + (spatial << 2);
  for (const whole = x + ((spatial & ~3) << 2); x < whole; x += 16) {
    const low = Vector.low(v128.load64_zero(x));
    const high = Vector.low(v128.load64_zero(x, 8));
    firstsLow = f64x2.add(firstsLow, low);
    firstsHigh = f64x2.add(firstsHigh, high);
    secondsLow = f64x2.add(secondsLow, f64x2.mul(low, low));
    secondsHigh = f64x2.add(secondsHigh, f64x2.mul(high, high));
  }
  for (; x < end; x += 4) {
    const value = Vector.low(v128.load32_zero(x));
    firstsLow = f64x2.add(firstsLow, value);
    secondsLow = f64x2.add(secondsLow, f64x2.mul(value, value));
  }
  Vector.addSum(sum, f64x2.add(firstsLow, firstsHigh));
  Vector.addSum(sum + 2 * pitch, f64x2.add(secondsLow, secondsHigh));
}

/**
 * The same sums in float64 for channel c: of x - MEAN and its square, or of dy behind the activation and dy * (x -
 * MEAN).
 */
export function reduceFloat64(
  term: i32,
  sum: usize,
  a: usize,
  delta: usize,
  scratch: usize,
  c: usize,
  pitch: usize,
  spatial: usize,
): void {
  const block = Scratch.block(scratch, pitch);
  if (term > GRADIENT) fillBlock(block, scratch, pitch, c, 0);
  const wide = Mask.isWide(block);
  const mean = v128.load32_splat(Scratch.column(scratch, c), 16 * MEAN);
  const meanLow = Vector.low(mean);
  let firstsLow = Vector.zero(mean);
  let firstsHigh = firstsLow;
  let secondsLow = firstsLow;
  let secondsHigh = firstsLow;
  const end = a + (spatial << 2);
  while (a != end) {
    const at = min(a, end - 16);
    const mask = Vector.lastLanes(min(4, (end - a) >> 2));
    // Lanes that were summed before add nothing: x at the mean, dy 0.
    const x = v128.bitselect(v128.load(at), mean, mask);
    const low = f64x2.sub(Vector.low(x), meanLow);
    const high = f64x2.sub(Vector.high(x), meanLow);
    let firstLow = low;
    let firstHigh = high;
    if (term >= GRADIENT) {
      let dy = v128.and(v128.load(at + delta), mask);
      if (term > GRADIENT) dy = Mask.passed(term - GRADIENT, dy, x, block, wide);
      firstLow = Vector.low(dy);
      firstHigh = Vector.high(dy);
    }
    firstsLow = f64x2.add(firstsLow, firstLow);
    firstsHigh = f64x2.add(firstsHigh, firstHigh);
    secondsLow = f64x2.add(secondsLow, f64x2.mul(firstLow, low));
    secondsHigh = f64x2.add(secondsHigh, f64x2.mul(firstHigh, high));
    a = at + 16;
  }
  Vector.addSum(sum, f64x2.add(firstsLow, firstsHigh));
  Vector.addSum(sum + 2 * pitch, f64x2.add(secondsLow, secondsHigh));
}

/**
 * out = op(a, b), value by value, for op number `number` and the channels in [from, to); out may be a or b. With
 * `beyond`, the channels that FLOAT64 names are computed in float64.
 *
 * out, a, b: batch x channels x spatial float32; scratch: coefficients.
 */
export function map<O extends Op>(
  number: i32,
  out: usize,
  a: usize,
  b: usize,
  scratch: usize,
  beyond: bool,
  batch: usize,
  channels: usize,
  spatial: usize,
  from: usize,
  to: usize,
): void {
  const op = changetype<O>(0);
  const zero = f32x4.splat(0);
  const pitch = Scratch.pitch(channels);
  const toA = a - out;
  const toB = b - out;
  const skipped = (channels - (to - from)) * (spatial << 2);
  out += from * (spatial << 2);
  for (; batch; batch--) {
    for (let c = from; c < to; c++) {
      const k = Scratch.column(scratch, c);
      const end = out + (spatial << 2);
      if (beyond && load<i32>(k, 16 * FLOAT64)) {
        mapFloat64(number, out, toA, toB, scratch, c, pitch, spatial);
        out = end;
        continue;
      }
      const second = k + Scratch.toSecond(pitch);
      const mean = v128.load32_splat(k, 16 * MEAN);
      const scale = v128.load32_splat(k, 16 * SCALE);
      const shift = op.slots() & (1 << SHIFT) ? v128.load32_splat(k, 16 * SHIFT) : zero;
      const offset = op.slots() & (1 << OFFSET) ? v128.load32_splat(second, 16 * OFFSET) : zero;
      const slope = op.slots() & (1 << SLOPE) ? v128.load32_splat(second, 16 * SLOPE) : zero;
      const limit = op.limit(shift);
      const hoisted = op.hoisted(number, slope);
      // The last four values, read before the first store: in place, the loops overwrite up to three of them.
      const last = end - 16;
      const lastA = v128.load(last + toA);
      const lastB = op.readsB() ? v128.load(last + toB) : mean;
      for (const unrolledEnd = out + ((spatial & ~7) << 2); out < unrolledEnd; out += 32) {
        const a0 = v128.load(out + toA);
        const a1 = v128.load(out + toA, 16);
        const b0 = op.readsB() ? v128.load(out + toB) : mean;
        const b1 = op.readsB() ? v128.load(out + toB, 16) : mean;
        v128.store(out, op.of(a0, b0, mean, scale, shift, offset, slope, limit, hoisted));
        v128.store(out, op.of(a1, b1, mean, scale, shift, offset, slope, limit, hoisted), 16);
      }
      if (out < last) {
        const b = op.readsB() ? v128.load(out + toB) : mean;
        v128.store(out, op.of(v128.load(out + toA), b, mean, scale, shift, offset, slope, limit, hoisted));
      }
      v128.store(last, op.of(lastA, lastB, mean, scale, shift, offset, slope, limit, hoisted));
      out = end;
    }
    out += skipped;
  }
}

/**
 * Op number `op` for one plane of channel c in float64. Values that fill no vector pass through copies in the scratch.
 */
function mapFloat64(
  op: i32,
  out: usize,
  toA: usize,
  toB: usize,
  scratch: usize,
  c: usize,
  pitch: usize,
  spatial: usize,
): void {
  const block = Scratch.block(scratch, pitch);
  fillBlock(block, scratch, pitch, c, 0);
  mapStrip(op, out, toA, toB, block, 16, spatial >> 2);
  const left = (spatial & 3) << 2;
  if (!left) return;
  out += (spatial & ~3) << 2;
  const copy = Scratch.copies(scratch, pitch);
  memory.copy(copy, out + toA, left);
  memory.copy(copy + 16, out + toB, left);
  mapStrip(op, copy, 0, 16, block, 16, 1);
  memory.copy(out, copy, left);
}
