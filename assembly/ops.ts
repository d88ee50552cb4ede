import { ACTIVATIONS, Activation } from "./activation";
import { AFFINE, MEAN, OF_DX, SCALE, SHIFT } from "./scratch";
import { Vector } from "./vector";

/**
 * What the loops in planes.ts and row-blocks.ts are generic over: empty classes whose one-line methods inline
 * completely. A function argument would stay an indirect call for each vector. Every method works on four values at a
 * time.
 */

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
  hoisted(_op: i32, _slope: v128): v128 {
    return f32x4.splat(0);
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
    zero: v128,
  ): v128 {
    return changetype<A>(0).of(Vector.madd(f32x4.sub(x, mean), scale, shift), zero);
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
    return changetype<A>(0).of(f32x4.pmax(y, floor), Vector.zero(y));
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
    return changetype<A>(0).slots() ? AFFINE | OF_DX : OF_DX;
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

/** The numbers of the ops without an activation; a more is the same with activation number a. */
export const NORMALIZE: i32 = 0;
export const NORMALIZE_ADD: i32 = NORMALIZE + ACTIVATIONS;
export const INPUT_GRADIENT: i32 = NORMALIZE_ADD + ACTIVATIONS;
