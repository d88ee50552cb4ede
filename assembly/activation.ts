import { MEAN, SCALE, SHIFT } from "./coefficients";
import { Vector } from "./vector";

/** An activation and what passes back through it. */
export interface Activation {
  /** Whether the loops are written out: not where the binary would grow too much. */
  unrolled(): bool;
  of(y: v128): v128;
  /** The coefficients the gradient needs to compute y again, one bit for each. */
  slots(): i32;
  /** dy where the activation lets it through, else 0. */
  gradient(dy: v128, x: v128, mean: v128, scale: v128, shift: v128): v128;
  /** dy - d * slope, d = x - mean: what passes through x taken off. */
  throughX(dy: v128, d: v128, slope: v128): v128;
}

@unmanaged
export class Identity {
  @inline
  unrolled(): bool {
    return true;
  }

  @inline
  of(y: v128): v128 {
    return y;
  }

  @inline
  slots(): i32 {
    return 0;
  }

  @inline
  gradient(dy: v128, _x: v128, _mean: v128, _scale: v128, _shift: v128): v128 {
    return dy;
  }

  @inline
  throughX(dy: v128, d: v128, slope: v128): v128 {
    return Vector.nmadd(d, slope, dy);
  }
}

@unmanaged
export class Relu {
  @inline
  unrolled(): bool {
    return false;
  }

  /** pmax(y, 0) keeps a NaN; pmax(0, y) would turn it into 0. */
  @inline
  of(y: v128): v128 {
    return f32x4.pmax(y, Vector.zero(y));
  }

  @inline
  slots(): i32 {
    return (1 << MEAN) | (1 << SCALE) | (1 << SHIFT);
  }

  /**
   * dy where y is positive or NaN, else 0. y is computed again by the operations of the forward pass in their order, so
   * its sign is the same.
   */
  @inline
  gradient(dy: v128, x: v128, mean: v128, scale: v128, shift: v128): v128 {
    const y = Vector.madd(f32x4.sub(x, mean), scale, shift);
    return v128.andnot(dy, f32x4.le(y, Vector.zero(y)));
  }

  /** With frozen statistics the slope is 0 and nothing passes through x, not even of an infinite one. */
  @inline
  throughX(dy: v128, d: v128, slope: v128): v128 {
    return Vector.nmadd(v128.and(d, f32x4.ne(slope, Vector.zero(slope))), slope, dy);
  }
}
