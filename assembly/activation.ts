import { BOUND, SIGN } from "./coefficients";
import { Vector } from "./vector";

/**
 * An activation and what passes back through it. y is a monotone function of x, every rounding included. So the values
 * of x whose dy passes are an interval; bounds.ts finds its exact end per channel.
 */
export interface Activation {
  of(y: v128): v128;
  /** The coefficients that `passed` needs, one bit for each (see coefficients.ts). */
  slots(): i32;
  /** dy where the activation lets it through, else 0. */
  passed(dy: v128, x: v128, bound: v128, sign: v128): v128;
  /** The lanes whose gradient passes through x. */
  passing(slope: v128): v128;
  /** d = x - mean in these lanes, else 0. */
  through(d: v128, passing: v128): v128;
}

@unmanaged
export class Identity {
  @inline
  of(y: v128): v128 {
    return y;
  }

  @inline
  slots(): i32 {
    return 0;
  }

  @inline
  passed(dy: v128, _x: v128, _bound: v128, _sign: v128): v128 {
    return dy;
  }

  @inline
  passing(slope: v128): v128 {
    return slope;
  }

  @inline
  through(d: v128, _passing: v128): v128 {
    return d;
  }
}

@unmanaged
export class Relu {
  /** pmax(y, 0) keeps a NaN; pmax(0, y) would turn it into 0. */
  @inline
  of(y: v128): v128 {
    return f32x4.pmax(y, Vector.zero(y));
  }

  @inline
  slots(): i32 {
    return (1 << BOUND) | (1 << SIGN);
  }

  /**
   * dy is held back where x, with its sign changed if the scale is negative, is at most the bound. It passes where x or
   * the bound is NaN, and where x is infinite and the sign is 0, the sign of a scale of 0: their product is NaN.
   */
  @inline
  passed(dy: v128, x: v128, bound: v128, sign: v128): v128 {
    return v128.andnot(dy, f32x4.le(f32x4.mul(x, sign), bound));
  }

  /** With frozen statistics the slope is 0 and nothing passes through x, not even of an infinite one. */
  @inline
  passing(slope: v128): v128 {
    return f32x4.ne(slope, Vector.zero(slope));
  }

  @inline
  through(d: v128, passing: v128): v128 {
    return v128.and(d, passing);
  }
}
