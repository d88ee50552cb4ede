import { ACTIVATIONS, Activation } from "./activation";
import { MEAN, OFFSET, SCALE, SHIFT, SLOPE } from "./coefficients";
import { Vector } from "./vector";

/**
 * What the loops in planes.ts and row-blocks.ts are generic over: empty classes whose one-line methods inline
 * completely. A function argument would stay an indirect call for each vector. Every method works on four values at a
 * time.
 */

/** Two values that are summed over a channel. */
export interface Term {
  /** The coefficients it needs, one bit for each (see coefficients.ts). */
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

/** A value that is stored. */
export interface Op {
  /** The coefficients it needs, one bit for each. */
  slots(): i32;
  /** Whether it reads the second input. */
  readsB(): bool;
  /** What the activation compares with, made once for many values. */
  limit(shift: v128): v128;
  /** A vector that op number `op` needs besides the coefficients, made once for many values. */
  hoisted(op: i32, slope: v128): v128;
  of(
    a: v128,
    b: v128,
    mean: v128,
    scale: v128,
    shift: v128,
    offset: v128,
    slope: v128,
    limit: v128,
    hoisted: v128,
  ): v128;
}

/** The terms of mean and variance: x and x^2. */
@unmanaged
export class Raw {
  @inline
  slots(): i32 {
    return 0;
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
  first(x: v128, _b: v128, _mean: v128, _scale: v128, _limit: v128): v128 {
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

/** y = activation((x - MEAN) * SCALE + SHIFT) = activation((x - mean) * invstd * gamma + beta). */
@unmanaged
export class Normalize<A extends Activation> {
  @inline
  slots(): i32 {
    return (1 << MEAN) | (1 << SCALE) | (1 << SHIFT);
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
  hoisted(_op: i32, slope: v128): v128 {
    return slope;
  }

  @inline
  of(
    x: v128,
    _b: v128,
    mean: v128,
    scale: v128,
    shift: v128,
    _offset: v128,
    _slope: v128,
    _limit: v128,
    _hoisted: v128,
  ): v128 {
    return changetype<A>(0).of(Vector.madd(f32x4.sub(x, mean), scale, shift));
  }
}

/**
 * y = activation((x - MEAN) * SCALE + SHIFT + residual). A floor of -Infinity or 0 makes that of Identity the one of ReLU,
 * too: the loop waits for its three arrays, not for the maximum.
 */
@unmanaged
export class NormalizeAdd<A extends Activation> {
  @inline
  slots(): i32 {
    return (1 << MEAN) | (1 << SCALE) | (1 << SHIFT);
  }

  @inline
  readsB(): bool {
    return true;
  }

  @inline
  limit(shift: v128): v128 {
    return shift;
  }

  @inline
  hoisted(op: i32, _slope: v128): v128 {
    return f32x4.splat(op == NORMALIZE_ADD ? -Infinity : 0);
  }

  @inline
  of(
    x: v128,
    residual: v128,
    mean: v128,
    scale: v128,
    shift: v128,
    _offset: v128,
    _slope: v128,
    _limit: v128,
    floor: v128,
  ): v128 {
    // pmax keeps a NaN as its first argument.
    const y = f32x4.add(Vector.madd(f32x4.sub(x, mean), scale, shift), residual);
    return changetype<A>(0).of(f32x4.pmax(y, floor));
  }
}

/**
 * dx = gamma * invstd * (dy - dbeta / m - xhat * dgamma / m), evaluated as ((dy - OFFSET) - (x - MEAN) * SLOPE) *
 * SCALE. Where the statistics are constants OFFSET and SLOPE are 0.
 */
@unmanaged
export class InputGradient<A extends Activation> {
  @inline
  slots(): i32 {
    return (1 << MEAN) | (1 << SCALE) | (1 << OFFSET) | (1 << SLOPE) | changetype<A>(0).slots();
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
  hoisted(_op: i32, slope: v128): v128 {
    return changetype<A>(0).passing(slope);
  }

  @inline
  of(
    x: v128,
    dy: v128,
    mean: v128,
    scale: v128,
    _shift: v128,
    offset: v128,
    slope: v128,
    limit: v128,
    passing: v128,
  ): v128 {
    const activation = changetype<A>(0);
    const d = f32x4.sub(x, mean);
    const passed = f32x4.sub(activation.passed(dy, d, scale, limit), offset);
    return f32x4.mul(Vector.nmadd(activation.through(d, passing), slope, passed), scale);
  }
}

/**
 * Inner loops are selected by number, so that the code around them is compiled once instead of once per operation (2.0
 * kB). These are the numbers of the terms; GRADIENT + a is the same behind activation number a.
 */
export const RAW: i32 = 0;
export const GRADIENT: i32 = 1;

/**
 * How terms are summed: in float32; in float64, those of the channels that FLOAT64 names; in float64, those of all
 * channels.
 */
export const FLOAT32: i32 = 0;
export const FLOAT64_SOME: i32 = 1;
export const FLOAT64_ALL: i32 = 2;

/** The numbers of the ops without an activation; a more is the same with activation number a. */
export const NORMALIZE: i32 = 0;
export const NORMALIZE_ADD: i32 = NORMALIZE + ACTIVATIONS;
export const INPUT_GRADIENT: i32 = NORMALIZE_ADD + ACTIVATIONS;
