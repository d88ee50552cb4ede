import { Extremes, isBeyond, SMALLEST_GRADIENT, SMALLEST_SCALE } from "./extremes";
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

/** What y is computed from, for two channels in float64. */
export class Affine {
  /** 1 / sqrt(variance + eps), 0 where that root is 0. */
  @inline
  static invstd(variance: v128, eps: v128, one: v128): v128 {
    const root = f64x2.sqrt(f64x2.add(variance, eps));
    return v128.andnot(f64x2.div(one, root), f64x2.eq(root, Vector.zero(root)));
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
  const one = f64x2.splat(1);
  const zero = f64x2.splat(0);
  // An absent beta, which leaves the sign of every y.
  const none = f64x2.splat(-0.0);
  const epsilon = f64x2.splat(eps);
  let smallest = one;
  let largest = smallest;
  for (let c = from & ~1; c < to; c += 2) {
    const at = c << 3;
    let i: v128, m: v128, scale: v128, start: v128;
    if (to - c > 1) {
      if (variance) {
        i = Affine.invstd(v128.load(variance + at), epsilon, one);
        v128.store(invstd + at, i);
      } else i = v128.load(invstd + at);
      m = mean ? v128.load(mean + at) : zero;
      scale = gamma ? f64x2.mul(i, Vector.low(v128.load64_zero(gamma + (c << 2)))) : i;
      start = beta ? Vector.low(v128.load64_zero(beta + (c << 2))) : none;
    } else {
      if (variance) {
        i = Affine.invstd(v128.load64_splat(variance + at), epsilon, one);
        v128.store64_lane(invstd + at, i, 0);
      } else i = v128.load64_splat(invstd + at);
      m = mean ? v128.load64_splat(mean + at) : zero;
      scale = gamma ? f64x2.mul(i, Vector.low(v128.load32_splat(gamma + (c << 2)))) : i;
      start = beta ? Vector.low(v128.load32_splat(beta + (c << 2))) : none;
    }
    const shift = f64x2.sub(start, f64x2.mul(LowPart.of(m), scale));
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
    store<i32>(column + Scratch.toThird(pitch), ofY, 16 * FLOAT64_Y);
    any |= beyond;
  }
  return any != 0;
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
  const zero = f64x2.splat(0);
  let smallest = f64x2.splat(1);
  let largest = smallest;
  for (let c = from & ~1; c < to; c += 2) {
    const at = c << 3;
    let slope = zero;
    let offset = zero;
    if (dgamma) {
      let i: v128, m: v128, g: v128, b: v128;
      if (to - c > 1) {
        i = v128.load(invstd + at);
        m = v128.load(mean + at);
        g = v128.load(dgamma + at);
        b = v128.load(dbeta + at);
      } else {
        i = v128.load64_splat(invstd + at);
        m = v128.load64_splat(mean + at);
        g = v128.load64_splat(dgamma + at);
        b = v128.load64_splat(dbeta + at);
      }
      const part = f64x2.mul(g, factor);
      slope = f64x2.mul(i, part);
      offset = Gradient.offset(m, b, slope, factor);
      smallest = Extremes.smaller(Extremes.smaller(Extremes.smaller(smallest, part), slope), offset);
      largest = Extremes.larger(Extremes.larger(Extremes.larger(largest, part), slope), offset);
    }
    const second = Scratch.column(scratch, c) + Scratch.toSecond(pitch);
    Pair.storeFloats(second + 16 * OFFSET, offset);
    Pair.storeFloats(second + 16 * SLOPE, slope);
  }
  if (!beyond && !v128.any_true(Extremes.areBeyondGradient(smallest, largest))) return false;
  return float64Coefficients(mean, invstd, gamma, beta, dgamma, dbeta, scratch, pitch, inverse, from, to);
}
