import { Activation } from "./activation";
import { MEAN } from "./scratch";
import { Vector } from "./vector";

/**
 * What the sums of planes.ts and row-blocks.ts are generic over, as the ops of ops.ts are what their maps are generic
 * over.
 */

/** Two values that are summed over a channel. */
export interface Term {
  /** The coefficients it needs, one bit for each (see scratch.ts). */
  slots(): i32;
  /** Whether it reads the second input. */
  readsB(): bool;
  /** What the activation compares with, made once for many values. */
  limit(shift: v128): v128;
  /** Whether the first value is not that of the second input. */
  masks(): bool;
  /** The value of the first sum. */
  first(a: v128, b: v128, mean: v128, scale: v128, limit: v128): v128;
  /** The value of the second sum, given that of the first. */
  second(first: v128, a: v128, mean: v128): v128;
  /** The same, added to a sum. */
  plusSecond(sum: v128, first: v128, a: v128, mean: v128): v128;
}

/** What the moments are sums about. */
export interface Centre {
  slots(): i32;
  /** x less the centre. */
  of(x: v128, mean: v128): v128;
}

@unmanaged
export class Zero {
  @inline
  slots(): i32 {
    return 0;
  }

  @inline
  of(x: v128, _mean: v128): v128 {
    return x;
  }
}

/** A pivot, in the slot of the mean. */
@unmanaged
export class Pivot {
  @inline
  slots(): i32 {
    return 1 << MEAN;
  }

  @inline
  of(x: v128, mean: v128): v128 {
    return f32x4.sub(x, mean);
  }
}

/** The terms of mean and variance: d and d^2, where d is x less the centre. */
@unmanaged
export class Powers<C extends Centre> {
  @inline
  slots(): i32 {
    return changetype<C>(0).slots();
  }

  @inline
  readsB(): bool {
    return false;
  }

  @inline
  limit(shift: v128): v128 {
    return shift;
  }

  @inline
  masks(): bool {
    return false;
  }

  @inline
  first(x: v128, _b: v128, mean: v128, _scale: v128, _limit: v128): v128 {
    return changetype<C>(0).of(x, mean);
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
  readsB(): bool {
    return true;
  }

  @inline
  limit(shift: v128): v128 {
    return changetype<A>(0).limit(shift);
  }

  @inline
  masks(): bool {
    return changetype<A>(0).slots() != 0;
  }

  @inline
  first(x: v128, dy: v128, mean: v128, scale: v128, limit: v128): v128 {
    return changetype<A>(0).passed(dy, f32x4.sub(x, mean), scale, limit);
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

/**
 * Inner loops are selected by number, so that the code around them is compiled once instead of once per operation (2.0
 * kB). These are the numbers of the terms: powers of x, powers of x less a pivot, and gradients; GRADIENT + a is behind
 * activation number a.
 */
export const RAW: i32 = 0;
export const CENTRED: i32 = 1;
export const GRADIENT: i32 = 2;

/**
 * How terms are summed: in float32; in float64, those of the channels that CHOSEN names; in float64, those of all
 * channels.
 */
export const FLOAT32: i32 = 0;
export const FLOAT64_SOME: i32 = 1;
export const FLOAT64_ALL: i32 = 2;
