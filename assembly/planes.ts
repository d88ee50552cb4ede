import { MEAN, OFFSET, SCALE, Scratch, SHIFT, SLOPE } from "./coefficients";
import { Op, Term } from "./ops";
import { Vector } from "./vector";

/**
 * Loops over channels-first memory: batch x channels planes of `spatial` values, 4 or more, in address order (channel by
 * channel across the samples takes 1.7 times as long once the data exceeds the cache). `a` and `b` are two inputs of the
 * same extents; for an operation that reads only `a` they are the same.
 */

/** Bytes of two inputs that are summed before they are accumulated in f64, at most. */
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

/**
 * Adds the sums over one plane to the first and second sum of its channel. `delta` leads from `a` to the second input. The rest of
 * the plane is whole vectors, too: the last one ends with the plane, and is masked where it overlaps.
 */
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
  const zero = Vector.zero(v128.load32_splat(a));
  do {
    let firsts = zero;
    let seconds = zero;
    for (const stop = a + min(unrolledEnd - a, blockBytes<T>()); a < stop; a += term.unroll() * 16) {
      const a0 = v128.load(a);
      const a1 = term.unroll() > 1 ? v128.load(a, 16) : zero;
      const a2 = term.unroll() > 2 ? v128.load(a, 32) : zero;
      const a3 = term.unroll() > 2 ? v128.load(a, 48) : zero;
      const b0 = term.readsB() ? v128.load(a + delta) : zero;
      const b1 = term.readsB() && term.unroll() > 1 ? v128.load(a + delta, 16) : zero;
      const first0 = term.first(a0, b0, mean, scale, shift);
      const first1 = term.first(a1, b1, mean, scale, shift);
      const first2 = term.first(a2, zero, mean, scale, shift);
      const first3 = term.first(a3, zero, mean, scale, shift);
      firsts = f32x4.add(firsts, Tree.firsts<T>(first0, first1, first2, first3));
      seconds = f32x4.add(seconds, Tree.seconds<T>(first0, first1, first2, first3, a0, a1, a2, a3, mean));
    }
    while (a >= unrolledEnd && a != end) {
      const at = min(a, end - 16);
      const mask = Vector.lastLanes((end - a) >> 2);
      const a0 = v128.load(at);
      const first = v128.and(term.first(a0, term.readsB() ? v128.load(at + delta) : zero, mean, scale, shift), mask);
      firsts = f32x4.add(firsts, first);
      seconds = f32x4.add(seconds, v128.and(term.second(first, a0, mean), mask));
      a = at + 16;
    }
    Vector.addSum(sum, Vector.widen(firsts));
    Vector.addSum(Scratch.seconds(sum, channels), Vector.widen(seconds));
  } while (a < end);
}

/** Bytes summed in float32 before they are accumulated in f64, at most. Of x a lane adds 16 values or trees of them. */
function blockBytes<T extends Term>(): usize {
  const term = changetype<T>(0);
  return term.readsB() ? BLOCK : (BLOCK / 4) * <usize>term.unroll();
}

/** The vectors of one iteration, added as a tree: an addition to a sum waits for the one before it only once per iteration. */
class Tree {
  @inline
  static firsts<T extends Term>(first0: v128, first1: v128, first2: v128, first3: v128): v128 {
    const term = changetype<T>(0);
    if (term.unroll() == 1) return first0;
    const pair = f32x4.add(first0, first1);
    return term.unroll() == 2 ? pair : f32x4.add(pair, f32x4.add(first2, first3));
  }

  @inline
  static seconds<T extends Term>(
    first0: v128,
    first1: v128,
    first2: v128,
    first3: v128,
    a0: v128,
    a1: v128,
    a2: v128,
    a3: v128,
    mean: v128,
  ): v128 {
    const term = changetype<T>(0);
    const second = term.second(first0, a0, mean);
    if (term.unroll() == 1) return second;
    const pair = term.plusSecond(second, first1, a1, mean);
    if (term.unroll() == 2) return pair;
    return f32x4.add(pair, term.plusSecond(term.second(first2, a2, mean), first3, a3, mean));
  }
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
          const a0 = v128.load(out + toA);
          const a1 = v128.load(out + toA, 16);
          const b0 = op.readsB() ? v128.load(out + toB) : mean;
          const b1 = op.readsB() ? v128.load(out + toB, 16) : mean;
          v128.store(out, op.of(a0, b0, mean, scale, shift, offset, slope));
          v128.store(out, op.of(a1, b1, mean, scale, shift, offset, slope), 16);
        }
      }
      for (; out < last; out += 16) {
        const b = op.readsB() ? v128.load(out + toB) : mean;
        v128.store(out, op.of(v128.load(out + toA), b, mean, scale, shift, offset, slope));
      }
      v128.store(last, op.of(lastA, lastB, mean, scale, shift, offset, slope));
      out = end;
    }
  }
}
