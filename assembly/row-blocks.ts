import { MEAN, OFFSET, SCALE, Scratch, SHIFT, SLOPE } from "./coefficients";
import { Op, Term } from "./ops";
import { Column } from "./row-columns";
import { Vector } from "./vector";

/**
 * Loops over groups of rows of `width` columns, whole vectors. The rows of a group are `pitch` bytes apart, and those of
 * the next group follow each of them.
 */

/**
 * Adds the values of `groups` groups to the float32 sums.
 *
 * blocks: for each four columns four first sums, then four second sums; coefficients: 5 arrays of `width` float32.
 */
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
    let coefficient = coefficients;
    for (const end = a + (width << 2); a < end; a += 16) {
      const mean = Scratch.vector(term.slots(), MEAN, coefficient, slots);
      const scale = Scratch.vector(term.slots(), SCALE, coefficient, slots);
      const shift = Scratch.vector(term.slots(), SHIFT, coefficient, slots);
      if (term.unroll() == 1) Column.addRolled<T>(block, a, delta, pitch, mean, scale, shift);
      else if (term.unroll() == 2) Column.addFour<T>(block, a, delta, pitch, mean, scale, shift);
      else Column.addEight<T>(block, a, pitch, mean);
      block += 32;
      coefficient += 16;
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
    let coefficient = coefficients;
    for (const end = out + (width << 2); out < end; out += 16) {
      const mean = Scratch.vector(op.slots(), MEAN, coefficient, slots);
      const scale = Scratch.vector(op.slots(), SCALE, coefficient, slots);
      const shift = Scratch.vector(op.slots(), SHIFT, coefficient, slots);
      const offset = Scratch.vector(op.slots(), OFFSET, coefficient, slots);
      const slope = Scratch.vector(op.slots(), SLOPE, coefficient, slots);
      let at = out;
      if (op.unroll() == 1) {
        for (let row = rows; row; row--) {
          Column.map<O>(at, toA, toB, mean, scale, shift, offset, slope);
          at += pitch;
        }
      } else {
        Column.map<O>(at, toA, toB, mean, scale, shift, offset, slope);
        at += pitch;
        Column.map<O>(at, toA, toB, mean, scale, shift, offset, slope);
        if (rows > 2) {
          at += pitch;
          Column.map<O>(at, toA, toB, mean, scale, shift, offset, slope);
          at += pitch;
          Column.map<O>(at, toA, toB, mean, scale, shift, offset, slope);
        }
      }
      coefficient += 16;
    }
  }
}
