import { MEAN, OFFSET, SCALE, Scratch, SHIFT, SLOPE } from "./coefficients";
import { Op, Term } from "./ops";
import { Vector } from "./vector";

/**
 * Loops over channels-first memory: batch x channels planes of `spatial` values, 4 or more, in address order (channel by
 * channel across the samples takes 1.7 times as long once the data exceeds the cache). `a` and `b` are two inputs of the
 * same extents; for an operation that reads only `a` they are the same.
 */

/** Bytes summed in float32 before they are accumulated in f64, at most. Of x a lane adds 16 values or trees of them. */
const BLOCK: usize = 1024;

/**
 * Adds the sums of the term's two values over channel c to its first and second sum.
 *
 * sums: 2 arrays of `channels` f64, `Scratch.seconds` apart; a, b: batch x channels x spatial float32; coefficients: 5 arrays
 * of `channels` float32.
 */
export function reduce<T extends Term>(
  sums: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  const delta = b - a;
  for (; batch; batch--) {
    for (let c: usize = 0; c < channels; c++) {
      const coefficient = coefficients + (c << 2);
      const end = a + (spatial << 2);
      if (!changetype<T>(0).skips(load<f32>(coefficient))) {
        reducePlane<T>(sums + (c << 3), a, delta, coefficient, channels, spatial);
      }
      a = end;
    }
  }
}

/** Adds the sums over one plane to the first and second sum of its channel. `delta` leads from `a` to the second input. */
function reducePlane<T extends Term>(
  sum: usize,
  a: usize,
  delta: usize,
  coefficient: usize,
  channels: usize,
  spatial: usize,
): void {
  const term = changetype<T>(0);
  const mean = Scratch.splat(term.slots(), MEAN, coefficient, channels);
  const scale = Scratch.splat(term.slots(), SCALE, coefficient, channels);
  const shift = Scratch.splat(term.slots(), SHIFT, coefficient, channels);
  const end = a + (spatial << 2);
  const unrolledEnd = a + ((spatial & (term.unroll() * -4)) << 2);
  const block: usize = term.readsB() ? BLOCK : (BLOCK / 4) * <usize>term.unroll();
  const zero = Vector.zero(v128.load32_splat(a));
  do {
    let firsts = zero;
    let seconds = zero;
    // Trees: an addition to a sum waits for the one before it only once per iteration.
    for (const stop = a + min(unrolledEnd - a, block); a < stop; a += term.unroll() * 16) {
      const b = a + delta;
      const a0 = v128.load(a);
      const first0 = term.first(a0, term.readsB() ? v128.load(b) : zero, mean, scale, shift);
      let first = first0;
      let second = term.second(first0, a0, mean);
      if (term.unroll() > 1) {
        const a1 = v128.load(a, 16);
        const first1 = term.first(a1, term.readsB() ? v128.load(b, 16) : zero, mean, scale, shift);
        first = f32x4.add(first, first1);
        second = term.plusSecond(second, first1, a1, mean);
      }
      if (term.unroll() > 2) {
        const a2 = v128.load(a, 32);
        const a3 = v128.load(a, 48);
        const first2 = term.first(a2, zero, mean, scale, shift);
        const first3 = term.first(a3, zero, mean, scale, shift);
        first = f32x4.add(first, f32x4.add(first2, first3));
        second = f32x4.add(second, term.plusSecond(term.second(first2, a2, mean), first3, a3, mean));
      }
      firsts = f32x4.add(firsts, first);
      seconds = f32x4.add(seconds, second);
    }
    if (a == unrolledEnd) {
      // Whole vectors, the last of which ends with the plane, masked where it overlaps.
      while (a != end) {
        const at = min(a, end - 16);
        const mask = Vector.lastLanes((end - a) >> 2);
        const a0 = v128.load(at);
        const b0 = term.readsB() ? v128.load(at + delta) : zero;
        const first = v128.and(term.first(a0, b0, mean, scale, shift), mask);
        firsts = f32x4.add(firsts, first);
        seconds = f32x4.add(seconds, v128.and(term.second(first, a0, mean), mask));
        a = at + 16;
      }
    }
    Vector.addSum(sum, Vector.widen(firsts));
    Vector.addSum(Scratch.seconds(sum, channels), Vector.widen(seconds));
  } while (a < end);
}
/**
 * out = op(a, b), value by value; out may be a or b.
 *
 * out, a, b: batch x channels x spatial float32; coefficients: 5 arrays of `channels` float32.
 */
export function map<O extends Op>(
  out: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  const op = changetype<O>(0);
  const toA = a - out;
  const toB = b - out;
  for (; batch; batch--) {
    for (let c: usize = 0; c < channels; c++) {
      const k = coefficients + (c << 2);
      const mean = Scratch.splat(op.slots(), MEAN, k, channels);
      const scale = Scratch.splat(op.slots(), SCALE, k, channels);
      const shift = Scratch.splat(op.slots(), SHIFT, k, channels);
      const offset = Scratch.splat(op.slots(), OFFSET, k, channels);
      const slope = Scratch.splat(op.slots(), SLOPE, k, channels);
      const end = out + (spatial << 2);
      // The last four values, read before the first store: in place, the loops overwrite up to three of them.
      const last = end - 16;
      const lastA = v128.load(last + toA);
      const lastB = op.readsB() ? v128.load(last + toB) : mean;
      if (op.unroll() > 1) {
        for (const unrolledEnd = out + ((spatial & ~7) << 2); out < unrolledEnd; out += 32) {
          const p = out + toA;
          const r = out + toB;
          const a0 = v128.load(p);
          const a1 = v128.load(p, 16);
          const b0 = op.readsB() ? v128.load(r) : mean;
          const b1 = op.readsB() ? v128.load(r, 16) : mean;
          v128.store(out, op.of(a0, b0, mean, scale, shift, offset, slope));
          v128.store(out, op.of(a1, b1, mean, scale, shift, offset, slope), 16);
        }
      }
      for (; out < last; out += 16) {
        const b0 = op.readsB() ? v128.load(out + toB) : mean;
        v128.store(out, op.of(v128.load(out + toA), b0, mean, scale, shift, offset, slope));
      }
      v128.store(last, op.of(lastA, lastB, mean, scale, shift, offset, slope));
      out = end;
    }
  }
}
