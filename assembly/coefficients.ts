import {
  FLOAT64,
  FLOAT64_Y,
  MEAN,
  OFFSET,
  OFFSET64,
  SCALE,
  SCALE64,
  Scratch,
  SHIFT,
  SHIFT64,
  SLOPE,
  SLOPE64,
} from "./scratch";
import { LowPart, Pair, Vector } from "./vector";

/**
 * The coefficients of the channels, two at a time in float64, and which of them float32 does not hold. Two lean passes,
 * one over those of y and one over those of dx besides.
 */

/**
 * What float32 holds: a SCALE that is not 0 is at least 2^-126, the smallest normal float32. Every finite coefficient
 * is at most 2^100, which leaves room for products. Both are limits of the size, without the sign.
 */
export const SMALLEST_SCALE: f64 = 1.1754943508222875e-38;
export const LARGEST: f64 = 1.2676506002282294e30;
/**
 * 2^-100, the smallest size of OFFSET, dgamma / m and SLOPE that are not 0. With larger ones, what float32 loses below
 * its normal range, 2^-150 in each term of dx, is less than 2^-24 of the largest term.
 */
export const SMALLEST_GRADIENT: f64 = 7.888609052210118e-31;

/** The coefficients of two channels in float64: of c and, if `next` is 1, of the one behind it. */
export class Affine {
  /** 1 / sqrt(variance + eps), 0 where that root is 0. */
  @inline
  static invstd(variance: v128, eps: f64): v128 {
    const root = f64x2.sqrt(f64x2.add(variance, f64x2.splat(eps)));
    return v128.andnot(f64x2.div(f64x2.splat(1), root), f64x2.eq(root, Vector.zero(root)));
  }

  @inline
  static scale(invstd: v128, gamma: usize, c: usize, next: usize): v128 {
    return gamma ? f64x2.mul(invstd, Pair.loadFloats(gamma + (c << 2), next)) : invstd;
  }

  /** beta - the mean's low part * scale. An absent beta is -0, which leaves the sign of every y. */
  @inline
  static shift(mean: v128, scale: v128, beta: usize, c: usize, next: usize): v128 {
    const offset = beta ? Pair.loadFloats(beta + (c << 2), next) : f64x2.neg(Vector.zero(mean));
    return f64x2.sub(offset, f64x2.mul(LowPart.of(mean), scale));
  }

  @inline
  static store(column: usize, mean: v128, scale: v128, shift: v128): void {
    Pair.storeFloats(column + 16 * MEAN, mean);
    Pair.storeFloats(column + 16 * SCALE, scale);
    Pair.storeFloats(column + 16 * SHIFT, shift);
  }
}

/**
 * dx = SCALE * (dy - dbeta / m - xhat * dgamma / m) with xhat = (x - mean) * invstd. So SLOPE is invstd * dgamma / m,
 * and the mean's low part moves into OFFSET. `inverse` is 1 / m.
 */
export class Gradient {
  @inline
  static offset(mean: v128, dbeta: v128, slope: v128, inverse: v128): v128 {
    return f64x2.sub(f64x2.mul(dbeta, inverse), LowPart.times(mean, slope));
  }
}

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

/**
 * The affine coefficients of the channels in [from, to). With a variance, invstd is computed from it and stored.
 * Returns whether there are channels whose coefficients float32 does not hold.
 *
 * mean, invstd, variance: channels f64; gamma, beta: channels float32; mean, variance, gamma and beta may be 0
 * (absent). scratch: coefficients, those in float64 with `pitch`.
 */
export function affineChannels(
  mean: usize,
  invstd: usize,
  variance: usize,
  gamma: usize,
  beta: usize,
  scratch: usize,
  pitch: usize,
  eps: f64,
  from: usize,
  to: usize,
): bool {
  let smallest = f64x2.splat(1);
  let largest = smallest;
  for (let c = from & ~1; c < to; c += 2) {
    const next: usize = to - c > 1 ? 1 : 0;
    const at = c << 3;
    if (variance) Pair.store(invstd + at, Affine.invstd(Pair.load(variance + at, next), eps), next);
    const m = mean ? Pair.load(mean + at, next) : f64x2.splat(0);
    const scale = Affine.scale(Pair.load(invstd + at, next), gamma, c, next);
    const shift = Affine.shift(m, scale, beta, c, next);
    smallest = Extremes.smaller(smallest, scale);
    largest = Extremes.larger(Extremes.larger(Extremes.larger(largest, scale), shift), m);
    Affine.store(Scratch.column(scratch, c), m, scale, shift);
  }
  if (!v128.any_true(Extremes.areBeyond(smallest, largest))) return false;
  return float64Coefficients(mean, invstd, gamma, beta, 0, 0, scratch, pitch, 0, from, to);
}

/**
 * FLOAT64, FLOAT64_Y, and the coefficients before they are rounded; with a dgamma those of dx, too, where `inverse` is
 * 1 / m. Returns whether there is a channel that float32 does not hold. Arrays as above; dgamma, dbeta: channels f64.
 */
function float64Coefficients(
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  dgamma: usize,
  dbeta: usize,
  scratch: usize,
  pitch: usize,
  inverse: f64,
  from: usize,
  to: usize,
): bool {
  let any = 0;
  for (let c = from; c < to; c++) {
    const at = c << 3;
    const m = mean ? load<f64>(mean + at) : 0;
    const low = m - <f64>(<f32>m);
    const i = load<f64>(invstd + at);
    const scale = gamma ? i * <f64>load<f32>(gamma + (c << 2)) : i;
    const shift = (beta ? <f64>load<f32>(beta + (c << 2)) : -0.0) - low * scale;
    const ofY = isBeyond(scale, SMALLEST_SCALE) | isBeyond(shift, 0) | isBeyond(m, 0) | i32(abs(shift) == Infinity);
    let beyond = ofY;
    let slope: f64 = 0;
    let offset: f64 = 0;
    if (dgamma) {
      const part = load<f64>(dgamma + at) * inverse;
      slope = i * part;
      offset = load<f64>(dbeta + at) * inverse;
      if (isFinite(slope)) offset -= low * slope;
      beyond |=
        isBeyond(part, SMALLEST_GRADIENT) | isBeyond(slope, SMALLEST_GRADIENT) | isBeyond(offset, SMALLEST_GRADIENT);
    }
    const wide = Scratch.wide(scratch, pitch) + at;
    store<f64>(wide + 2 * pitch * SCALE64, scale);
    store<f64>(wide + 2 * pitch * SHIFT64, shift);
    store<f64>(wide + 2 * pitch * OFFSET64, offset);
    store<f64>(wide + 2 * pitch * SLOPE64, slope);
    const column = Scratch.column(scratch, c);
    store<i32>(column, beyond ? -1 - <i32>c : 0, 16 * FLOAT64);
    store<i32>(column + Scratch.toSecond(pitch), ofY, 16 * FLOAT64_Y);
    any |= beyond;
  }
  return any != 0;
}

/** 1 where float32 does not hold a finite value, else 0. */
function isBeyond(value: f64, smallest: f64): i32 {
  const size = abs(value);
  return (i32(size > LARGEST) & i32(size < Infinity)) | (i32(size < smallest) & i32(size != 0));
}

/**
 * OFFSET and SLOPE of the channels in [from, to); with dgamma 0 (absent) the statistics are constants, and both are 0.
 * `beyond` is what affineChannels has returned. Returns the same of all coefficients. Arrays as above.
 */
export function gradientChannels(
  dgamma: usize,
  dbeta: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  scratch: usize,
  pitch: usize,
  count: f64,
  beyond: bool,
  from: usize,
  to: usize,
): bool {
  const inverse = 1 / count;
  const factor = f64x2.splat(inverse);
  let smallest = f64x2.splat(1);
  let largest = smallest;
  for (let c = from & ~1; c < to; c += 2) {
    const next: usize = to - c > 1 ? 1 : 0;
    const at = c << 3;
    let slope = f64x2.splat(0);
    let offset = slope;
    if (dgamma) {
      const part = f64x2.mul(Pair.load(dgamma + at, next), factor);
      slope = f64x2.mul(Pair.load(invstd + at, next), part);
      offset = Gradient.offset(Pair.load(mean + at, next), Pair.load(dbeta + at, next), slope, factor);
      smallest = Extremes.smaller(Extremes.smaller(Extremes.smaller(smallest, part), slope), offset);
      largest = Extremes.larger(Extremes.larger(Extremes.larger(largest, part), slope), offset);
    }
    const column = Scratch.column(scratch, c) + Scratch.toSecond(pitch);
    Pair.storeFloats(column + 16 * OFFSET, offset);
    Pair.storeFloats(column + 16 * SLOPE, slope);
  }
  if (!beyond && !v128.any_true(Extremes.areBeyondGradient(smallest, largest))) return false;
  return float64Coefficients(mean, invstd, gamma, beta, dgamma, dbeta, scratch, pitch, inverse, from, to);
}
