import { MEAN, OFFSET, SCALE, Scratch, SHIFT, SLOPE } from "./coefficients";
import { Op, Term } from "./operations";
import { Vector } from "./vector";

/**
 * Loops over groups of rows of `width` columns, whole vectors. The rows of a group are `pitch` bytes apart, and those of
 * the next group follow each of them.
 */

/** Rows in a group: of a map, and of a reduction of two inputs. */
export const GROUP: usize = 4;
/** Rows in a group of a reduction of one input. */
export const GROUP_OF_ONE: usize = 8;

/** Adds the values of `groups` groups to the float32 sums: four columns' first sums, then their second. */
export function reduce<T extends Term>(
  blocks: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  width: usize,
  pitch: usize,
  groups: usize,
): void {
  const term = changetype<T>(0);
  const delta = b - a;
  const slots = Scratch.pitch(width);
  for (; groups; groups--) {
    let block = blocks;
    let k = coefficients;
    for (const end = a + (width << 2); a < end; a += 16) {
      const k0 = Scratch.vector(term.slots(), MEAN, k, slots);
      const k1 = Scratch.vector(term.slots(), SCALE, k, slots);
      const k2 = Scratch.vector(term.slots(), SHIFT, k, slots);
      let s = Vector.zero(k0);
      let q = s;
      let p = a;
      if (term.unroll() == 1) {
        for (let row = GROUP; row; row--) {
          const a0 = v128.load(p);
          const f0 = term.first(a0, term.readsB() ? v128.load(p + delta) : a0, k0, k1, k2);
          s = f32x4.add(s, f0);
          q = term.plusSecond(q, f0, a0, k0);
          p += pitch;
        }
      } else {
        const a0 = v128.load(p);
        const f0 = term.first(a0, term.readsB() ? v128.load(p + delta) : a0, k0, k1, k2);
        p += pitch;
        const a1 = v128.load(p);
        const f1 = term.first(a1, term.readsB() ? v128.load(p + delta) : a1, k0, k1, k2);
        p += pitch;
        const a2 = v128.load(p);
        const f2 = term.first(a2, term.readsB() ? v128.load(p + delta) : a2, k0, k1, k2);
        p += pitch;
        const a3 = v128.load(p);
        const f3 = term.first(a3, term.readsB() ? v128.load(p + delta) : a3, k0, k1, k2);
        s = Vector.sum(f0, f1, f2, f3);
        q = f32x4.add(
          term.plusSecond(term.second(f0, a0, k0), f1, a1, k0),
          term.plusSecond(term.second(f2, a2, k0), f3, a3, k0),
        );
      }
      if (term.unroll() > 2) {
        p += pitch;
        const a4 = v128.load(p);
        const f4 = term.first(a4, a4, k0, k1, k2);
        p += pitch;
        const a5 = v128.load(p);
        const f5 = term.first(a5, a5, k0, k1, k2);
        p += pitch;
        const a6 = v128.load(p);
        const f6 = term.first(a6, a6, k0, k1, k2);
        p += pitch;
        const a7 = v128.load(p);
        const f7 = term.first(a7, a7, k0, k1, k2);
        s = f32x4.add(s, Vector.sum(f4, f5, f6, f7));
        q = f32x4.add(
          q,
          f32x4.add(
            term.plusSecond(term.second(f4, a4, k0), f5, a5, k0),
            term.plusSecond(term.second(f6, a6, k0), f7, a7, k0),
          ),
        );
      }
      v128.store(block, f32x4.add(v128.load(block), s));
      v128.store(block, f32x4.add(v128.load(block, 16), q), 16);
      block += 32;
      k += 16;
    }
  }
}

/** Adds x and x^2 of groups of any number of rows to the sums, in f64 throughout: the products are exact. */
export function reduceWide(sums: usize, x: usize, width: usize, pitch: usize, rows: usize, groups: usize): void {
  const toSeconds = Scratch.seconds(0, width);
  for (; groups; groups--) {
    let target = sums;
    for (const end = x + (width << 2); x < end; x += 16) {
      let s0 = v128.load(target);
      let s1 = v128.load(target, 16);
      let q0 = v128.load(target + toSeconds);
      let q1 = v128.load(target + toSeconds, 16);
      let p = x;
      for (let row = rows; row; row--) {
        const value = v128.load(p);
        const low = Vector.low(value);
        const high = Vector.high(value);
        s0 = f64x2.add(s0, low);
        s1 = f64x2.add(s1, high);
        q0 = f64x2.add(q0, f64x2.mul(low, low));
        q1 = f64x2.add(q1, f64x2.mul(high, high));
        p += pitch;
      }
      v128.store(target, s0);
      v128.store(target, s1, 16);
      v128.store(target + toSeconds, q0);
      v128.store(target + toSeconds, q1, 16);
      target += 32;
    }
  }
}

/** out = op(a, b) over `groups` groups; `toA` and `toB` lead from out to the inputs. out may be one of them. */
export function map<O extends Op>(
  out: usize,
  toA: usize,
  toB: usize,
  coefficients: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
): void {
  const op = changetype<O>(0);
  const slots = Scratch.pitch(width);
  for (; groups; groups--) {
    let k = coefficients;
    for (const end = out + (width << 2); out < end; out += 16) {
      const k0 = Scratch.vector(op.slots(), MEAN, k, slots);
      const k1 = Scratch.vector(op.slots(), SCALE, k, slots);
      const k2 = Scratch.vector(op.slots(), SHIFT, k, slots);
      const k3 = Scratch.vector(op.slots(), OFFSET, k, slots);
      const k4 = Scratch.vector(op.slots(), SLOPE, k, slots);
      let p = out;
      if (op.unroll() == 1) {
        for (let row = rows; row; row--) {
          v128.store(p, op.of(v128.load(p + toA), op.readsB() ? v128.load(p + toB) : k0, k0, k1, k2, k3, k4));
          p += pitch;
        }
      } else {
        v128.store(p, op.of(v128.load(p + toA), op.readsB() ? v128.load(p + toB) : k0, k0, k1, k2, k3, k4));
        p += pitch;
        v128.store(p, op.of(v128.load(p + toA), op.readsB() ? v128.load(p + toB) : k0, k0, k1, k2, k3, k4));
        if (rows > 2) {
          p += pitch;
          v128.store(p, op.of(v128.load(p + toA), op.readsB() ? v128.load(p + toB) : k0, k0, k1, k2, k3, k4));
          p += pitch;
          v128.store(p, op.of(v128.load(p + toA), op.readsB() ? v128.load(p + toB) : k0, k0, k1, k2, k3, k4));
        }
      }
      k += 16;
    }
  }
}
