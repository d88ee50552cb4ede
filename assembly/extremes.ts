import { Vector } from "./vector";

/** Which coefficients float32 holds. */

/**
 * What float32 holds: a SCALE that is not 0 is at least 2^-126, the smallest normal float32. Every finite coefficient
 * is at most 2^100, which leaves room for products. Both are limits of the size, without the sign.
 */
export const SMALLEST_SCALE: f64 = 1.1754943508222875e-38;
const LARGEST: f64 = 1.2676506002282294e30;
/**
 * 2^-100, the smallest size of OFFSET, dgamma / m and SLOPE that are not 0. With larger ones, what float32 loses below
 * its normal range, 2^-150 in each term of dx, is less than 2^-24 of the largest term.
 */
export const SMALLEST_GRADIENT: f64 = 7.888609052210118e-31;

/**
 * The smallest and the largest size of the coefficients that are not 0, which say whether float32 holds them all. pmin
 * and pmax ignore a NaN in their second argument.
 */
export class Extremes {
  @inline
  static smaller(smallest: v128, value: v128): v128 {
    const size = f64x2.abs(value);
    return f64x2.pmin(smallest, v128.or(size, f64x2.eq(size, Vector.zero(size))));
  }

  @inline
  static larger(largest: v128, value: v128): v128 {
    return f64x2.pmax(largest, f64x2.abs(value));
  }

  /** Ones where float32 does not hold gamma * invstd and what y is computed from. */
  @inline
  static areBeyond(smallest: v128, largest: v128): v128 {
    return v128.or(f64x2.lt(smallest, f64x2.splat(SMALLEST_SCALE)), f64x2.gt(largest, f64x2.splat(LARGEST)));
  }

  /** Ones where float32 does not hold what dx is computed from besides. */
  @inline
  static areBeyondGradient(smallest: v128, largest: v128): v128 {
    return v128.or(f64x2.lt(smallest, f64x2.splat(SMALLEST_GRADIENT)), f64x2.gt(largest, f64x2.splat(LARGEST)));
  }
}

/** 1 where float32 does not hold a finite value, else 0. */
export function isBeyond(value: f64, smallest: f64): i32 {
  const size = abs(value);
  return (i32(size > LARGEST) & i32(size < Infinity)) | (i32(size < smallest) & i32(size != 0));
}
