import { SCALE, SHIFT } from "./scratch";
import { Vector } from "./vector";

/**
 * An activation and what passes back through it. y is a monotone function of x, every rounding included. So the values
 * of x whose dy passes are an interval, and backward needs comparisons with its ends in place of y.
 */
export interface Activation {
  /** `zero` is a vector of zeros: made once for many values, inference takes 0.90 to 0.97 of the time over planes. */
  of(y: v128, zero: v128): v128;
  /** Ones where y holds dy back. */
  holds(y: v128): v128;
  /** The coefficients that `limit` and `passed` need, one bit for each (see scratch.ts). */
  slots(): i32;
  /** What `passed` compares with, made once for many values. */
  limit(shift: v128): v128;
  /** dy where the activation lets it through, else 0; d = x - MEAN. */
  passed(dy: v128, d: v128, scale: v128, limit: v128): v128;
  /** The lanes whose gradient passes through x. */
  passing(slope: v128): v128;
  /** d = x - mean in these lanes, else 0. */
  through(d: v128, passing: v128): v128;
}

@unmanaged
export class Identity {
  @inline
  of(y: v128, _zero: v128): v128 {
    return y;
  }

  @inline
  holds(y: v128): v128 {
    return Vector.zero(y);
  }

  @inline
  slots(): i32 {
    return 0;
  }

  @inline
  limit(shift: v128): v128 {
    return shift;
  }

  @inline
  passed(dy: v128, _d: v128, _scale: v128, _limit: v128): v128 {
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
  of(y: v128, zero: v128): v128 {
    return f32x4.pmax(y, zero);
  }

  @inline
  holds(y: v128): v128 {
    return f32x4.le(y, Vector.zero(y));
  }

  @inline
  slots(): i32 {
    return (1 << SCALE) | (1 << SHIFT);
  }

  @inline
  limit(shift: v128): v128 {
    return Vector.limit(shift);
  }

  /** dy is held back where y = d * SCALE + SHIFT is at most 0; it passes where y is NaN. */
  @inline
  passed(dy: v128, d: v128, scale: v128, limit: v128): v128 {
    return v128.andnot(dy, Vector.isHeld(d, scale, limit));
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

/** The number of the activation in the exports' arguments; 0 is Identity. */
export const RELU: i32 = 1;
/** How many activations there are. Each operation has so many numbers. */
export const ACTIVATIONS: i32 = 2;

/** An activation by its number, for loops that are not generic over it. */
export class Numbered {
  @inline
  static of(activation: i32, y: v128): v128 {
    return activation == RELU ? changetype<Relu>(0).of(y, Vector.zero(y)) : y;
  }

  /** For any number but 0. */
  @inline
  static holds(_activation: i32, y: v128): v128 {
    return changetype<Relu>(0).holds(y);
  }
}
