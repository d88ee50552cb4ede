import { Identity, Relu } from "./activation";
import { MEAN, OFFSET, SCALE, Scratch, SHIFT, SLOPE } from "./coefficients";
import {
  DEVIATION,
  Deviation,
  GRADIENT,
  GradientTerms,
  INPUT_GRADIENT,
  InputGradient,
  NORMALIZE,
  NORMALIZE_RELU,
  Normalize,
  Op,
  RAW,
  Raw,
  Term,
  WIDE,
} from "./ops";
import { Vector } from "./vector";

/**
 * Loops over groups of rows of `width` columns, whole vectors. The rows of a group are `pitch` bytes apart, and those of
 * the next group follow each of them.
 */

/** Rows in a group: of a map, and of a reduction of two inputs. */
export const GROUP: usize = 4;
/** Rows in a group of a reduction of one input. */
export const ROWS_PER_BLOCK_ONE_INPUT: usize = 8;

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
    let k = coefficients;
    for (const end = a + (width << 2); a < end; a += 16) {
      const mean = Scratch.vector(term.slots(), MEAN, k, slots);
      const scale = Scratch.vector(term.slots(), SCALE, k, slots);
      const shift = Scratch.vector(term.slots(), SHIFT, k, slots);
      let s = Vector.zero(mean);
      let q = s;
      let p = a;
      if (term.unroll() == 1) {
        for (let row = GROUP; row; row--) {
          const a0 = v128.load(p);
          const f0 = term.first(a0, term.readsB() ? v128.load(p + delta) : a0, mean, scale, shift);
          s = f32x4.add(s, f0);
          q = term.plusSecond(q, f0, a0, mean);
          p += pitch;
        }
      } else {
        const a0 = v128.load(p);
        const f0 = term.first(a0, term.readsB() ? v128.load(p + delta) : a0, mean, scale, shift);
        p += pitch;
        const a1 = v128.load(p);
        const f1 = term.first(a1, term.readsB() ? v128.load(p + delta) : a1, mean, scale, shift);
        p += pitch;
        const a2 = v128.load(p);
        const f2 = term.first(a2, term.readsB() ? v128.load(p + delta) : a2, mean, scale, shift);
        p += pitch;
        const a3 = v128.load(p);
        const f3 = term.first(a3, term.readsB() ? v128.load(p + delta) : a3, mean, scale, shift);
        s = Vector.sum(f0, f1, f2, f3);
        q = f32x4.add(
          term.plusSecond(term.second(f0, a0, mean), f1, a1, mean),
          term.plusSecond(term.second(f2, a2, mean), f3, a3, mean),
        );
      }
      if (term.unroll() > 2) {
        p += pitch;
        const a4 = v128.load(p);
        const f4 = term.first(a4, a4, mean, scale, shift);
        p += pitch;
        const a5 = v128.load(p);
        const f5 = term.first(a5, a5, mean, scale, shift);
        p += pitch;
        const a6 = v128.load(p);
        const f6 = term.first(a6, a6, mean, scale, shift);
        p += pitch;
        const a7 = v128.load(p);
        const f7 = term.first(a7, a7, mean, scale, shift);
        s = f32x4.add(s, Vector.sum(f4, f5, f6, f7));
        q = f32x4.add(
          q,
          f32x4.add(
            term.plusSecond(term.second(f4, a4, mean), f5, a5, mean),
            term.plusSecond(term.second(f6, a6, mean), f7, a7, mean),
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
      const mean = Scratch.vector(op.slots(), MEAN, k, slots);
      const scale = Scratch.vector(op.slots(), SCALE, k, slots);
      const shift = Scratch.vector(op.slots(), SHIFT, k, slots);
      const offset = Scratch.vector(op.slots(), OFFSET, k, slots);
      const slope = Scratch.vector(op.slots(), SLOPE, k, slots);
      let p = out;
      if (op.unroll() == 1) {
        for (let row = rows; row; row--) {
          v128.store(
            p,
            op.of(v128.load(p + toA), op.readsB() ? v128.load(p + toB) : mean, mean, scale, shift, offset, slope),
          );
          p += pitch;
        }
      } else {
        v128.store(
          p,
          op.of(v128.load(p + toA), op.readsB() ? v128.load(p + toB) : mean, mean, scale, shift, offset, slope),
        );
        p += pitch;
        v128.store(
          p,
          op.of(v128.load(p + toA), op.readsB() ? v128.load(p + toB) : mean, mean, scale, shift, offset, slope),
        );
        if (rows > 2) {
          p += pitch;
          v128.store(
            p,
            op.of(v128.load(p + toA), op.readsB() ? v128.load(p + toB) : mean, mean, scale, shift, offset, slope),
          );
          p += pitch;
          v128.store(
            p,
            op.of(v128.load(p + toA), op.readsB() ? v128.load(p + toB) : mean, mean, scale, shift, offset, slope),
          );
        }
      }
      k += 16;
    }
  }
}

/** Rows in a group of a reduction. */
export function groupOf(term: i32): usize {
  return term <= WIDE ? ROWS_PER_BLOCK_ONE_INPUT : GROUP;
}

export function addRows(
  term: i32,
  blocks: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
): void {
  if (term == RAW) reduce<Raw>(blocks, a, b, coefficients, width, pitch, groups);
  else if (term == WIDE) reduceWide(blocks, a, width, pitch, rows, groups);
  else if (term == DEVIATION) reduce<Deviation>(blocks, a, b, coefficients, width, pitch, groups);
  else if (term == GRADIENT) reduce<GradientTerms<Identity>>(blocks, a, b, coefficients, width, pitch, groups);
  else reduce<GradientTerms<Relu>>(blocks, a, b, coefficients, width, pitch, groups);
}

export function mapRows(
  op: i32,
  out: usize,
  toA: usize,
  toB: usize,
  coefficients: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
): void {
  if (op == NORMALIZE) map<Normalize<Identity>>(out, toA, toB, coefficients, width, pitch, rows, groups);
  else if (op == NORMALIZE_RELU) map<Normalize<Relu>>(out, toA, toB, coefficients, width, pitch, rows, groups);
  else if (op == INPUT_GRADIENT) map<InputGradient<Identity>>(out, toA, toB, coefficients, width, pitch, rows, groups);
  else map<InputGradient<Relu>>(out, toA, toB, coefficients, width, pitch, rows, groups);
}
