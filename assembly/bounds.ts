import { BOUND, FLOAT64, MEAN, SCALE, Scratch, SHIFT, SHIFT64, SIGN } from "./coefficients";
import { Vector } from "./vector";

/**
 * Where ReLU holds dy back. y = (x - MEAN) * SCALE + SHIFT is a monotone function of x, because every rounding is
 * monotone: so y is at most 0 up to one exact float32, the bound, of x, or of -x where the scale is negative. Forward
 * and backward agree by construction, and backward needs one comparison in place of y.
 *
 * The search computes y by the operations of forward, for four channels at a time. It begins at float32(MEAN - SHIFT /
 * SCALE), goes on in growing steps, and ends by bisection. In four of five channels the bound is that float or a
 * neighbour.
 */

/** The bits of floats as integers in the order of the floats, -0 before 0. The same operation leads back. */
class Order {
  @inline
  static of(value: v128): v128 {
    return v128.xor(value, i32x4.shr_u(i32x4.shr_s(value, 31), 1));
  }
}

/**
 * The ends of the search in that order: a NaN, in front of -Infinity, holds nothing back; Infinity itself is never held
 * back.
 */
const FIRST: i32 = -2139095042;
const END: i32 = 2139095040;

/**
 * BOUND and SIGN of the channels in [from, to), from the affine coefficients; with `beyond`, y of the channels that
 * FLOAT64 names is computed in float64. SIGN is 1, -1, or 0 for a scale of 0, where every finite x has the same y.
 *
 * scratch: coefficients, those in float64 with `pitch`.
 */
export function findBounds(scratch: usize, pitch: usize, beyond: bool, from: usize, to: usize): void {
  for (let c = from & ~3; c < to; c += 4) {
    const record = Scratch.record(scratch, c);
    const wide = Scratch.wide(scratch, pitch) + (c << 3);
    const mean = v128.load(record, 16 * MEAN);
    const shift = v128.load(record, 16 * SHIFT);
    const scale = v128.load(record, 16 * SCALE);
    const zero = Vector.zero(mean);
    const flip = v128.and(scale, i32x4.splat(i32.MIN_VALUE));
    let sign = v128.or(v128.and(f32x4.splat(1), f32x4.ne(scale, zero)), flip);
    if (beyond) sign = Bound.select(record, Bound.sign(wide), sign);
    const low = f64x2.div(Vector.low(shift), Vector.low(scale));
    const high = f64x2.div(Vector.high(shift), Vector.high(scale));
    const guess = Order.of(v128.xor(f32x4.sub(mean, Vector.demote(low, high)), flip));
    let first = i32x4.splat(FIRST);
    let end = i32x4.splat(END);
    let step = i32x4.splat(1);
    // At a finite x: with a scale of 0 all finite x have the same y, but an infinite x has NaN.
    let place = i32x4.min_s(i32x4.max_s(guess, i32x4.splat(FIRST + 2)), i32x4.sub(end, step));
    do {
      const x = v128.xor(Order.of(place), flip);
      let y = Vector.madd(f32x4.sub(x, mean), scale, shift);
      if (beyond) y = Bound.select(record, Bound.inFloat64(x, mean, wide, pitch), y);
      const held = f32x4.le(y, zero);
      first = v128.bitselect(place, first, held);
      end = v128.bitselect(end, place, held);
      const next = v128.bitselect(i32x4.add(place, step), i32x4.sub(place, step), held);
      const inside = v128.and(i32x4.gt_s(next, first), i32x4.lt_s(next, end));
      const middle = i32x4.add(first, i32x4.shr_u(i32x4.sub(end, first), 1));
      place = v128.bitselect(next, middle, inside);
      step = i32x4.shl(step, 2);
    } while (v128.any_true(i32x4.gt_u(i32x4.sub(end, first), i32x4.splat(1))));
    const second = record + Scratch.toSecond(pitch);
    v128.store(second, sign, 16 * SIGN);
    v128.store(second, Order.of(first), 16 * BOUND);
  }
}

/**
 * The same for channels in float64. wide: SCALE64 of the first of four; the other float64 slots lie 2 * `pitch` bytes
 * apart.
 */
class Bound {
  /** Its lanes where FLOAT64 names the channel, else those of `narrow`. */
  @inline
  static select(record: usize, wide: v128, narrow: v128): v128 {
    return v128.bitselect(narrow, wide, i32x4.eq(v128.load(record, 16 * FLOAT64), Vector.zero(wide)));
  }

  /** 1, -1 or 0 by the float64 scale, because the float32 may be 0 where that is not. */
  static sign(wide: usize): v128 {
    return Vector.demote(Bound.signs(wide), Bound.signs(wide + 16));
  }

  @inline
  static signs(scales: usize): v128 {
    const scale = v128.load(scales);
    const one = v128.and(f64x2.splat(1), f64x2.ne(scale, Vector.zero(scale)));
    return v128.or(one, v128.and(scale, i64x2.splat(i64.MIN_VALUE)));
  }

  /** y of four channels. */
  static inFloat64(x: v128, mean: v128, wide: usize, pitch: usize): v128 {
    const low = f64x2.mul(f64x2.sub(Vector.low(x), Vector.low(mean)), v128.load(wide));
    const high = f64x2.mul(f64x2.sub(Vector.high(x), Vector.high(mean)), v128.load(wide, 16));
    wide += 2 * pitch * SHIFT64;
    return Vector.demote(f64x2.add(low, v128.load(wide)), f64x2.add(high, v128.load(wide, 16)));
  }
}
