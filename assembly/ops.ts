import { Activation } from "./activation";
import { MEAN, OFFSET, SCALE, SHIFT, SLOPE } from "./coefficients";
import { Vector } from "./vector";

/**
 * What the loops in planes.ts and row-blocks.ts are generic over: empty classes whose one-line methods inline completely
 * (a function argument would stay an indirect call for each vector). Every method works on four values at a time.
 */

/** Two values that are summed over a channel. */
export interface Term {
  /** The coefficients it needs, one bit for each (see coefficients.ts). */
  slots(): i32;
  /** Whether it reads the second input. */
  readsB(): bool;
  /** Vectors per iteration: 1, 2 or 4. */
  unroll(): i32;
  /** Whether there is nothing to do for a channel of this mean. */
  skips(mean: f32): bool;
  /** The value of the first sum. */
  first(a: v128, b: v128, mean: v128, scale: v128, shift: v128): v128;
  /** The value of the second sum, given that of the first. */
  second(first: v128, a: v128, mean: v128): v128;
  /** The same, added to a sum. */
  plusSecond(sum: v128, first: v128, a: v128, mean: v128): v128;
}

/** A value that is stored. */
export interface Op {
  /** The coefficients it needs, one bit for each. */
  slots(): i32;
  /** Whether it reads the second input. */
  readsB(): bool;
  /** Vectors per iteration: 1 or 2. */
  unroll(): i32;
  of(a: v128, b: v128, mean: v128, scale: v128, shift: v128, offset: v128, slope: v128): v128;
}

/** The terms of mean and variance about no pivot: x and x^2. */
@unmanaged
export class Raw {
  @inline
  slots(): i32 {
    return 0;
  }

  @inline
  unroll(): i32 {
    return 4;
  }

  @inline
  readsB(): bool {
    return false;
  }

  @inline
  skips(_mean: f32): bool {
    return false;
  }

  @inline
  first(x: v128, _b: v128, _mean: v128, _scale: v128, _shift: v128): v128 {
    return x;
  }

  @inline
  second(first: v128, _x: v128, _mean: v128): v128 {
    return f32x4.mul(first, first);
  }

  @inline
  plusSecond(sum: v128, first: v128, _x: v128, _mean: v128): v128 {
    return Vector.madd(first, first, sum);
  }
}

/** The same about a pivot, d = x - pivot and d^2, for the channels that have one (not NaN). */
@unmanaged
export class Deviation {
  @inline
  slots(): i32 {
    return 1 << MEAN;
  }

  @inline
  unroll(): i32 {
    return 2;
  }

  @inline
  readsB(): bool {
    return false;
  }

  @inline
  skips(mean: f32): bool {
    return isNaN(mean);
  }

  @inline
  first(x: v128, _b: v128, pivot: v128, _scale: v128, _shift: v128): v128 {
    return f32x4.sub(x, pivot);
  }

  @inline
  second(first: v128, _x: v128, _mean: v128): v128 {
    return f32x4.mul(first, first);
  }

  @inline
  plusSecond(sum: v128, first: v128, _x: v128, _mean: v128): v128 {
    return Vector.madd(first, first, sum);
  }
}

/** The terms of dbeta = sum(dy) and dgamma = sum(dy * (x - mean)) * invstd, dy behind the activation. */
@unmanaged
export class GradientTerms<A extends Activation> {
  @inline
  slots(): i32 {
    return (1 << MEAN) | changetype<A>(0).slots();
  }

  @inline
  unroll(): i32 {
    return changetype<A>(0).unrolled() ? 2 : 1;
  }

  @inline
  readsB(): bool {
    return true;
  }

  @inline
  skips(_mean: f32): bool {
    return false;
  }

  @inline
  first(x: v128, dy: v128, mean: v128, scale: v128, shift: v128): v128 {
    return changetype<A>(0).gradient(dy, x, mean, scale, shift);
  }

  @inline
  second(dy: v128, x: v128, mean: v128): v128 {
    return f32x4.mul(dy, f32x4.sub(x, mean));
  }

  @inline
  plusSecond(sum: v128, dy: v128, x: v128, mean: v128): v128 {
    return Vector.madd(dy, f32x4.sub(x, mean), sum);
  }
}

/** y = activation((x - MEAN) * SCALE + SHIFT) = activation((x - mean) * invstd * gamma + beta). */
@unmanaged
export class Normalize<A extends Activation> {
  @inline
  slots(): i32 {
    return (1 << MEAN) | (1 << SCALE) | (1 << SHIFT);
  }

  @inline
  unroll(): i32 {
    return changetype<A>(0).unrolled() ? 2 : 1;
  }

  @inline
  readsB(): bool {
    return false;
  }

  @inline
  of(x: v128, _b: v128, mean: v128, scale: v128, shift: v128, _offset: v128, _slope: v128): v128 {
    return changetype<A>(0).of(Vector.madd(f32x4.sub(x, mean), scale, shift));
  }
}

/** dx = gamma * invstd * (dy - dbeta / m - xhat * dgamma / m), evaluated as ((dy - OFFSET) - (x - MEAN) * SLOPE) * SCALE. */
@unmanaged
export class InputGradient<A extends Activation> {
  @inline
  slots(): i32 {
    return (1 << MEAN) | (1 << SCALE) | (1 << OFFSET) | (1 << SLOPE) | changetype<A>(0).slots();
  }

  @inline
  unroll(): i32 {
    return changetype<A>(0).unrolled() ? 2 : 1;
  }

  @inline
  readsB(): bool {
    return true;
  }

  @inline
  of(x: v128, dy: v128, mean: v128, scale: v128, shift: v128, offset: v128, slope: v128): v128 {
    const activation = changetype<A>(0);
    const passed = activation.gradient(dy, x, mean, scale, shift);
    return f32x4.mul(activation.throughX(f32x4.sub(passed, offset), f32x4.sub(x, mean), slope), scale);
  }
}

/**
 * Inner loops are selected by number, so that the code around them is compiled once instead of once per operation (2.0 kB).
 * Reductions:
 */
export const RAW: i32 = 0;
/** Those of RAW in f64 throughout; of rows only. */
export const WIDE: i32 = 1;
export const DEVIATION: i32 = 2;
export const GRADIENT: i32 = 3;
export const GRADIENT_RELU: i32 = 4;

/** Ops. */
export const NORMALIZE: i32 = 0;
export const NORMALIZE_RELU: i32 = 1;
export const INPUT_GRADIENT: i32 = 2;
export const INPUT_GRADIENT_RELU: i32 = 3;
