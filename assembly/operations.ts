/**
 * What the loops in planes.ts and groups.ts are generic over: empty classes whose one-line methods inline completely
 * (a function argument would stay an indirect call for each vector). Every method works on four values at a time.
 */

/** Two values that are summed over a channel. */
export interface Term {
  /** The coefficients it needs, a bit each (see coefficients.ts). */
  slots(): i32;
  /** Whether it reads the second input. */
  readsB(): bool;
  /** Vectors a turn: 1, 2 or 4. */
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
  /** The coefficients it needs, a bit each. */
  slots(): i32;
  /** Whether it reads the second input. */
  readsB(): bool;
  /** Vectors a turn: 1 or 2. */
  unroll(): i32;
  of(a: v128, b: v128, mean: v128, scale: v128, shift: v128, offset: v128, slope: v128): v128;
}

/** An activation and what passes back through it. */
export interface Activation {
  /** Whether the loops are written out: not where the binary would grow too much. */
  unrolled(): bool;
  of(y: v128): v128;
  /** The coefficients the gradient needs to compute y again, a bit each. */
  slots(): i32;
  /** dy where the activation lets it through, else 0. */
  gradient(dy: v128, x: v128, mean: v128, scale: v128, shift: v128): v128;
  /** dy - d * slope, d = x - mean: what passes through x taken off. */
  throughX(dy: v128, d: v128, slope: v128): v128;
}
