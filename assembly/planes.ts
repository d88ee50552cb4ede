import { MEAN, OFFSET, SCALE, Scratch, SHIFT, SLOPE } from "./coefficients";
import { Op, Term } from "./operations";
import { Vector } from "./vector";

/**
 * Loops over channels-first memory: batch x channels planes of `spatial` values, 4 or more, in address order (channel by
 * channel across the samples takes 1.7 times as long once the data exceeds the cache). `a` and `b` are two inputs of the
 * same extents; for an operation that reads only `a` they are the same.
 */

/** Bytes summed in float32 before the carry to f64: each lane 16 terms. */
const BLOCK: usize = 512;

/** sums[c] += the sum of the term's first value over channel c, second[c] += that of its second value. */
export function reduce<T extends Term>(
  sums: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  for (; batch; batch--) {
    for (let c: usize = 0; c < channels; c++) {
      reducePlane<T>(sums + (c << 3), a, b, coefficients + (c << 2), channels, spatial);
      a += spatial << 2;
      b += spatial << 2;
    }
  }
}

function reducePlane<T extends Term>(
  sum: usize,
  a: usize,
  b: usize,
  coefficient: usize,
  channels: usize,
  spatial: usize,
): void {
  const term = changetype<T>(0);
  const k0 = Scratch.splat(term.slots(), MEAN, coefficient, channels);
  const zero = Vector.zero(k0);
  const k1 = Scratch.splat(term.slots(), SCALE, coefficient, channels);
  const k2 = Scratch.splat(term.slots(), SHIFT, coefficient, channels);
  const end = a + (spatial << 2);
  const turnsEnd = a + ((spatial & ~7) << 2);
  const delta = b - a;
  let first: v128 = zero;
  let second: v128 = zero;
  let p = a;
  do {
    // Two sums in two accumulators each: four additions under way at a time.
    let s0: v128 = zero;
    let s1: v128 = zero;
    let q0: v128 = zero;
    let q1: v128 = zero;
    for (const stop = min(turnsEnd, p + BLOCK); p < stop; p += 32) {
      const a0 = v128.load(p);
      const a1 = v128.load(p, 16);
      const f0 = term.first(a0, term.readsB() ? v128.load(p + delta) : zero, k0, k1, k2);
      const f1 = term.first(a1, term.readsB() ? v128.load(p + delta, 16) : zero, k0, k1, k2);
      s0 = f32x4.add(s0, f0);
      s1 = f32x4.add(s1, f1);
      q0 = f32x4.add(q0, term.second(f0, a0, k0));
      q1 = f32x4.add(q1, term.second(f1, a1, k0));
    }
    if (p == turnsEnd) {
      // Up to 7 more: whole vectors, the last of which ends with the plane, masked where it overlaps.
      for (; p < end; p += 16) {
        const at = min(p, end - 16);
        const mask = Vector.lastLanes((end - p) >> 2);
        const a0 = v128.load(at);
        const f0 = term.first(a0, term.readsB() ? v128.load(at + delta) : zero, k0, k1, k2);
        s0 = f32x4.add(s0, v128.and(f0, mask));
        q0 = f32x4.add(q0, v128.and(term.second(f0, a0, k0), mask));
      }
    }
    first = f64x2.add(first, Vector.widen(f32x4.add(s0, s1)));
    second = f64x2.add(second, Vector.widen(f32x4.add(q0, q1)));
  } while (p < end);
  Vector.addSums(sum, Scratch.second(sum, channels), first, second);
}

/** out = op(a, b), value by value; out may be a or b. */
export function map<O extends Op>(
  out: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  floor: f32,
): void {
  for (; batch; batch--) {
    for (let c: usize = 0; c < channels; c++) {
      mapPlane<O>(out, a, b, coefficients + (c << 2), channels, spatial, floor);
      out += spatial << 2;
      a += spatial << 2;
      b += spatial << 2;
    }
  }
}

function mapPlane<O extends Op>(
  out: usize,
  a: usize,
  b: usize,
  coefficient: usize,
  channels: usize,
  spatial: usize,
  floor: f32,
): void {
  const op = changetype<O>(0);
  const zero = f32x4.splat(0);
  const k0 = Scratch.splat(op.slots(), MEAN, coefficient, channels);
  const k1 = Scratch.splat(op.slots(), SCALE, coefficient, channels);
  const k2 = Scratch.splat(op.slots(), SHIFT, coefficient, channels);
  const k3 = Scratch.splat(op.slots(), OFFSET, coefficient, channels);
  const k4 = Scratch.splat(op.slots(), SLOPE, coefficient, channels);
  const k5 = f32x4.splat(floor);
  const toA = a - out;
  const toB = b - out;
  // The last four values, read before the first store: in place, the loop overwrites up to three of them.
  const last = out + (spatial << 2) - 16;
  const lastA = v128.load(last + toA);
  const lastB = op.readsB() ? v128.load(last + toB) : zero;
  for (; out < last; out += 16) {
    const b0 = op.readsB() ? v128.load(out + toB) : zero;
    v128.store(out, op.of(v128.load(out + toA), b0, k0, k1, k2, k3, k4, k5));
  }
  v128.store(last, op.of(lastA, lastB, k0, k1, k2, k3, k4, k5));
}
