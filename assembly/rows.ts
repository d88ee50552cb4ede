import { MEAN, OFFSET, SCALE, Scratch, SHIFT, SLOPE } from "./coefficients";
import { Op, Term } from "./operations";
import { Vector } from "./vector";

/**
 * Loops over channels-last memory. Several rows are taken as one wider row ("folded") so that vectors fill; what remains
 * after the last whole folded row is the beginning of one more. Channels-first memory with planes too small for vectors
 * is the same with each channel `run` columns wide: column j belongs to channel (j / run) mod channels. `a` and `b` are
 * two inputs of the same extents; for an operation that reads only `a` they are the same.
 */

/**
 * Rows summed in float32 registers, in pairs, before the carry to f64: half as many where rows are multiples of 1024
 * bytes apart, for sixteen would not fit the few sets of the first cache that their lines share, and where x exceeds the
 * cache, for prefetching (there backward took 5.0 ms with sixteen, 3.3 with eight).
 */
const BLOCK: usize = 16;
/** Values of x. */
const BEYOND_CACHE: usize = 1048576;

/**
 * sums[j] += the sum of the term's first value over column j of `total` values, second[j] += that of its second value.
 * Tiles are whole: where the width is not a multiple of 16, the last tile of a row reaches into the next row, and what it
 * sums there lands behind the last column (see Scratch) and is not read.
 */
export function reduce<T extends Term>(
  sums: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  total: usize,
  width: usize,
): void {
  const overhang = -width & 15;
  const most = width & 255 && total < BEYOND_CACHE ? BLOCK : BLOCK / 2;
  const second = Scratch.second(sums, width);
  const tail = Scratch.tail(coefficients, width);
  while (total) {
    const block = total > overhang ? min(most, (total - overhang) / width) & ~1 : 0;
    const columns = block ? width + overhang : min(total, width);
    for (let j: usize = 0; j < columns; j += 16) {
      const at = j << 2;
      let tileA = a + at;
      let tileB = b + at;
      let toA = width << 2;
      let toB = toA;
      if (!block) {
        // A single row. Its partner adds nothing to any sum: x at the mean, dy 0; no more do the lanes of a last tile.
        copyTail(tail, tileA, tileB, coefficients + at, min(64, (columns << 2) - at));
        tileA = tail;
        tileB = tail + 64;
        toA = coefficients + at - tileA;
        toB = 64;
      }
      reduceTile<T>(
        sums + (at << 1),
        second + (at << 1),
        tileA,
        tileB,
        toA,
        toB,
        coefficients + at,
        width,
        max(block >> 1, 1),
      );
    }
    const done = block ? block * width : columns;
    total -= done;
    a += done << 2;
    b += done << 2;
  }
}

/** One row of a tile, `bytes` of it, and behind it a row of zeros for its partner's dy. */
function copyTail(tail: usize, a: usize, b: usize, means: usize, bytes: usize): void {
  memory.copy(tail, means, 64);
  memory.copy(tail, a, bytes);
  memory.fill(tail + 64, 0, 128);
  memory.copy(tail + 64, b, bytes);
}

/**
 * Sixteen columns of a block of rows, in two halves, two rows at a time: `toA` and `toB` lead from a row to its partner.
 * Four sums and what is loaded for them fit the registers; with eight V8 keeps one in memory, and each turn waits for it.
 */
function reduceTile<T extends Term>(
  first: usize,
  second: usize,
  a: usize,
  b: usize,
  toA: usize,
  toB: usize,
  coefficient: usize,
  width: usize,
  pairs: usize,
): void {
  const term = changetype<T>(0);
  const pitch = width << 3;
  for (let half: usize = 0; half < 64; half += 32) {
    const k = coefficient + half;
    const k0 = Scratch.vector(term.slots(), MEAN, k, width, 0);
    const k1 = Scratch.vector(term.slots(), MEAN, k, width, 16);
    const c0 = Scratch.vector(term.slots(), SCALE, k, width, 0);
    const c1 = Scratch.vector(term.slots(), SCALE, k, width, 16);
    const d0 = Scratch.vector(term.slots(), SHIFT, k, width, 0);
    const d1 = Scratch.vector(term.slots(), SHIFT, k, width, 16);
    const zero = Vector.zero(k0);
    let s0: v128 = zero;
    let s1: v128 = zero;
    let q0: v128 = zero;
    let q1: v128 = zero;
    let p = a + half;
    let r = b + half;
    for (let turn: usize = 0; turn < pairs; turn++) {
      const a0 = v128.load(p);
      const a1 = v128.load(p, 16);
      const a2 = v128.load(p + toA);
      const a3 = v128.load(p + toA, 16);
      const f0 = term.first(a0, term.readsB() ? v128.load(r) : zero, k0, c0, d0);
      const f1 = term.first(a1, term.readsB() ? v128.load(r, 16) : zero, k1, c1, d1);
      const f2 = term.first(a2, term.readsB() ? v128.load(r + toB) : zero, k0, c0, d0);
      const f3 = term.first(a3, term.readsB() ? v128.load(r + toB, 16) : zero, k1, c1, d1);
      s0 = f32x4.add(s0, f32x4.add(f0, f2));
      s1 = f32x4.add(s1, f32x4.add(f1, f3));
      q0 = f32x4.add(q0, f32x4.add(term.second(f0, a0, k0), term.second(f2, a2, k0)));
      q1 = f32x4.add(q1, f32x4.add(term.second(f1, a1, k1), term.second(f3, a3, k1)));
      p += pitch;
      r += pitch;
    }
    Vector.addHalfTile(first + (half << 1), s0, s1);
    Vector.addHalfTile(second + (half << 1), q0, q1);
  }
}

/**
 * out = op(a, b) over `total` values, in the order of memory; out may be a or b. Two rows at a time, which would share the
 * loads of the coefficients, are no faster in the cache and take 1.3 times as long beyond it.
 */
export function map<O extends Op>(
  out: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  total: usize,
  width: usize,
  floor: f32,
): void {
  while (total) {
    const columns = min(total, width);
    const whole = columns & ~15;
    mapRow<O>(out, a, b, coefficients, whole, width, floor);
    if (whole < columns) {
      const at = whole << 2;
      const bytes = (columns - whole) << 2;
      const tail = Scratch.tail(coefficients, width);
      memory.copy(tail, a + at, bytes);
      memory.copy(tail + 64, b + at, bytes);
      mapRow<O>(tail, tail, tail + 64, coefficients + at, 16, width, floor);
      memory.copy(out + at, tail, bytes);
    }
    total -= columns;
    out += columns << 2;
    a += columns << 2;
    b += columns << 2;
  }
}

/** A multiple of 16 columns of a row. */
function mapRow<O extends Op>(
  out: usize,
  a: usize,
  b: usize,
  coefficient: usize,
  columns: usize,
  width: usize,
  floor: f32,
): void {
  const op = changetype<O>(0);
  const k5 = f32x4.splat(floor);
  const zero = Vector.zero(k5);
  for (const end = out + (columns << 2); out < end; out += 64) {
    const a0 = v128.load(a);
    const b0 = op.readsB() ? v128.load(b) : zero;
    const k00 = Scratch.vector(op.slots(), MEAN, coefficient, width, 0);
    const k01 = Scratch.vector(op.slots(), SCALE, coefficient, width, 0);
    const k02 = Scratch.vector(op.slots(), SHIFT, coefficient, width, 0);
    const k03 = Scratch.vector(op.slots(), OFFSET, coefficient, width, 0);
    const k04 = Scratch.vector(op.slots(), SLOPE, coefficient, width, 0);
    v128.store(out, op.of(a0, b0, k00, k01, k02, k03, k04, k5));
    const a1 = v128.load(a, 16);
    const b1 = op.readsB() ? v128.load(b, 16) : zero;
    const k10 = Scratch.vector(op.slots(), MEAN, coefficient, width, 16);
    const k11 = Scratch.vector(op.slots(), SCALE, coefficient, width, 16);
    const k12 = Scratch.vector(op.slots(), SHIFT, coefficient, width, 16);
    const k13 = Scratch.vector(op.slots(), OFFSET, coefficient, width, 16);
    const k14 = Scratch.vector(op.slots(), SLOPE, coefficient, width, 16);
    v128.store(out, op.of(a1, b1, k10, k11, k12, k13, k14, k5), 16);
    const a2 = v128.load(a, 32);
    const b2 = op.readsB() ? v128.load(b, 32) : zero;
    const k20 = Scratch.vector(op.slots(), MEAN, coefficient, width, 32);
    const k21 = Scratch.vector(op.slots(), SCALE, coefficient, width, 32);
    const k22 = Scratch.vector(op.slots(), SHIFT, coefficient, width, 32);
    const k23 = Scratch.vector(op.slots(), OFFSET, coefficient, width, 32);
    const k24 = Scratch.vector(op.slots(), SLOPE, coefficient, width, 32);
    v128.store(out, op.of(a2, b2, k20, k21, k22, k23, k24, k5), 32);
    const a3 = v128.load(a, 48);
    const b3 = op.readsB() ? v128.load(b, 48) : zero;
    const k30 = Scratch.vector(op.slots(), MEAN, coefficient, width, 48);
    const k31 = Scratch.vector(op.slots(), SCALE, coefficient, width, 48);
    const k32 = Scratch.vector(op.slots(), SHIFT, coefficient, width, 48);
    const k33 = Scratch.vector(op.slots(), OFFSET, coefficient, width, 48);
    const k34 = Scratch.vector(op.slots(), SLOPE, coefficient, width, 48);
    v128.store(out, op.of(a3, b3, k30, k31, k32, k33, k34, k5), 48);
    a += 64;
    b += 64;
    coefficient += 64;
  }
}
