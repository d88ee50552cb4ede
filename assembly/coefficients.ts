import { spread } from "./fold";
import { LowPart, Pair, Vector } from "./vector";

/**
 * Per-channel coefficients: float32 arrays, one a slot, in the kernel's scratch. A loop loads the slots that its
 * operation names in `slots()`, a set of bits.
 *
 * x is centred on the float32 nearest to the mean; what that leaves of the mean goes into the shift, so nothing is lost
 * to cancellation: y = (x - MEAN) * SCALE + SHIFT.
 */
export const MEAN: i32 = 0;
export const SCALE: i32 = 1;
export const SHIFT: i32 = 2;
/** dx = ((dy - OFFSET) - (x - MEAN) * SLOPE) * SCALE */
export const OFFSET: i32 = 3;
export const SLOPE: i32 = 4;
const SLOTS: i32 = 5;

/**
 * Within 2^-30 .. 2^30 for invstd, float32 holds x - mean and every coefficient. Beyond, the kernels compute in f64 (see
 * float64.ts).
 */
const SMALLEST_INVSTD: f64 = 9.313225746154785e-10;
const LARGEST_INVSTD: f64 = 1073741824;
/** 2^-100 and 2^100, for the size of gamma * invstd: the same of the products with it. */
const SMALLEST_SCALE: f64 = 7.888609052210118e-31;
const LARGEST_SCALE: f64 = 1.2676506002282294e30;

/**
 * Scratch of a kernel over `width` columns: the first f64 sums, then the second; the float32 sums of blocks, four columns'
 * first sums, then their second sums; the coefficients, one slot after the other; and copies of the rows that do not fill
 * a group, of both inputs. Each is 16 columns longer than the width, so that slots of rows of a multiple of 4096 bytes do
 * not share the few sets of the first cache.
 */
export class Scratch {
  @inline
  static bytes(width: usize): usize {
    return Scratch.pitch(width) * 19;
  }

  /** Columns in whole vectors. */
  @inline
  static whole(width: usize): usize {
    return (width + 3) & ~3;
  }

  /** From a slot to the next. */
  @inline
  static pitch(width: usize): usize {
    return (Scratch.whole(width) + 16) << 2;
  }

  /** The second sums. */
  @inline
  static seconds(sums: usize, width: usize): usize {
    return sums + (Scratch.pitch(width) << 1);
  }

  @inline
  static clearSums(sums: usize, width: usize): void {
    memory.fill(sums, 0, Scratch.pitch(width) * 6);
  }

  /** The float32 sums of blocks. */
  @inline
  static blocks(sums: usize, width: usize): usize {
    return sums + Scratch.pitch(width) * 4;
  }

  @inline
  static coefficients(sums: usize, width: usize): usize {
    return sums + Scratch.pitch(width) * 6;
  }

  @inline
  static slot(coefficients: usize, width: usize, slot: i32): usize {
    return coefficients + Scratch.pitch(width) * slot;
  }

  /** Eight rows. */
  @inline
  static copies(coefficients: usize, width: usize): usize {
    return Scratch.slot(coefficients, width, SLOTS);
  }

  /** Four columns' coefficients, or zeros (and no load) where `slots` does not name the slot. */
  @inline
  static vector(slots: i32, slot: i32, coefficient: usize, pitch: usize): v128 {
    return slots & (1 << slot) ? v128.load(coefficient + pitch * slot) : f32x4.splat(0);
  }

  /** One column's coefficient in every lane, or zeros (and no load) where `slots` does not name the slot. */
  @inline
  static splat(slots: i32, slot: i32, coefficient: usize, width: usize): v128 {
    return slots & (1 << slot) ? v128.load32_splat(Scratch.slot(coefficient, width, slot)) : f32x4.splat(0);
  }
}

/**
 * MEAN, SCALE and SHIFT of every column, `width` float32 each, in the scratch; returns their address, or 0 where any channel's invstd is out of
 * the range in which float32 suffices. mean, gamma and beta may be 0 (absent: 0, 1 and 0). The shift of an absent beta is
 * -0, which leaves the sign of every y.
 */
export function affineCoefficients(
  scratch: usize,
  width: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  channels: usize,
  spatial: usize,
): usize {
  const coefficients = Scratch.coefficients(scratch, width);
  // Zeros are ignored. pmin and pmax ignore a NaN in their second argument.
  let smallestInvstd = f64x2.splat(1);
  let smallestScale = smallestInvstd;
  let largestInvstd = smallestInvstd;
  let largestScale = smallestInvstd;
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    const at = coefficients + (c << 2);
    let scale = Pair.load(invstd + (c << 3), next);
    const zero = Vector.zero(scale);
    const m = mean ? Pair.load(mean + (c << 3), next) : zero;
    smallestInvstd = f64x2.pmin(smallestInvstd, v128.or(scale, f64x2.eq(scale, zero)));
    largestInvstd = f64x2.pmax(largestInvstd, scale);
    if (gamma) scale = f64x2.mul(scale, Pair.loadFloats(gamma + (c << 2), next));
    const size = f64x2.abs(scale);
    smallestScale = f64x2.pmin(smallestScale, v128.or(size, f64x2.eq(size, zero)));
    largestScale = f64x2.pmax(largestScale, size);
    const offset = beta ? Pair.loadFloats(beta + (c << 2), next) : f64x2.neg(zero);
    Pair.storeFloats(Scratch.slot(at, width, MEAN), m);
    Pair.storeFloats(Scratch.slot(at, width, SCALE), scale);
    Pair.storeFloats(Scratch.slot(at, width, SHIFT), f64x2.sub(offset, f64x2.mul(LowPart.of(m), scale)));
  }
  if (outOfRange(smallestInvstd, smallestScale, largestInvstd, largestScale)) return 0;
  for (let slot = MEAN; slot <= SHIFT; slot++) {
    spread(Scratch.slot(coefficients, width, slot), width, channels, spatial);
  }
  return coefficients;
}

/** Whether float32 does not hold the products of some channel. */
function outOfRange(smallestInvstd: v128, smallestScale: v128, largestInvstd: v128, largestScale: v128): bool {
  const small = v128.or(
    f64x2.lt(smallestInvstd, f64x2.splat(SMALLEST_INVSTD)),
    f64x2.lt(smallestScale, f64x2.splat(SMALLEST_SCALE)),
  );
  const large = v128.or(
    f64x2.gt(largestInvstd, f64x2.splat(LARGEST_INVSTD)),
    f64x2.gt(largestScale, f64x2.splat(LARGEST_SCALE)),
  );
  return v128.any_true(v128.or(small, large));
}

/**
 * All coefficients of every column, `width` float32 each, in the scratch; returns their address, or 0 as above. From
 * dx = SCALE * (dy - dbeta / m - xhat * dgamma / m) with xhat = (x - mean) * invstd; the mean's low part moves into
 * OFFSET. dgamma and dbeta may be 0 (absent): OFFSET and SLOPE are 0.
 */
export function gradientCoefficients(
  scratch: usize,
  width: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  dgamma: usize,
  dbeta: usize,
  channels: usize,
  spatial: usize,
  count: f64,
): usize {
  const coefficients = affineCoefficients(scratch, width, mean, invstd, gamma, beta, channels, spatial);
  if (!coefficients) return 0;
  const inverse = f64x2.splat(1 / count);
  let offset: v128 = Vector.zero(inverse);
  let slope: v128 = offset;
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    const at = coefficients + (c << 2);
    if (dgamma) {
      slope = f64x2.mul(Pair.load(invstd + (c << 3), next), f64x2.mul(Pair.load(dgamma + (c << 3), next), inverse));
      const fromLow = LowPart.times(Pair.load(mean + (c << 3), next), slope);
      offset = f64x2.sub(f64x2.mul(Pair.load(dbeta + (c << 3), next), inverse), fromLow);
    }
    Pair.storeFloats(Scratch.slot(at, width, OFFSET), offset);
    Pair.storeFloats(Scratch.slot(at, width, SLOPE), slope);
  }
  spread(Scratch.slot(coefficients, width, OFFSET), width, channels, spatial);
  spread(Scratch.slot(coefficients, width, SLOPE), width, channels, spatial);
  return coefficients;
}
