import { MEAN, OFFSET, SCALE, SHIFT, SLOPE } from "./coefficients";
import { Activation } from "./operations";
import { Vector } from "./vector";

/** Batch normalization, value by value. */

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
  first(x: v128, _b: v128, _mean: v128, _k1: v128, _k2: v128): v128 {
    return x;
  }

  @inline
  second(first: v128, _x: v128, _k0: v128): v128 {
    return f32x4.mul(first, first);
  }

  @inline
  plusSecond(sum: v128, first: v128, _x: v128, _k0: v128): v128 {
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
  first(x: v128, _b: v128, pivot: v128, _k1: v128, _k2: v128): v128 {
    return f32x4.sub(x, pivot);
  }

  @inline
  second(first: v128, _x: v128, _k0: v128): v128 {
    return f32x4.mul(first, first);
  }

  @inline
  plusSecond(sum: v128, first: v128, _x: v128, _k0: v128): v128 {
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
  of(x: v128, _b: v128, mean: v128, scale: v128, shift: v128, _k3: v128, _k4: v128): v128 {
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
