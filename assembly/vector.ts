/** What the SIMD instructions lack: partial loads, lane masks, float32 widened to f64. */
export class Vector {
  /** The first `count` (1 to 4) floats at `source`, the other lanes 0; reads no byte beyond them. */
  static load(source: usize, count: usize): v128 {
    if (count == 4) return v128.load(source);
    if (count == 1) return v128.load_zero<f32>(source);
    const pair = v128.load_zero<u64>(source);
    return count == 2 ? pair : v128.load_lane<f32>(source, pair, 2, 8);
  }

  /** Zeros, made from any vector: a constant takes 18 bytes of the binary wherever it stands. */
  @inline
  static zero(any: v128): v128 {
    return v128.xor(any, any);
  }

  /**
   * Sets two arrays of `count` f64 to 0, the second `toSecond` bytes behind the first. A call of memory.fill takes as
   * long as 100 of these stores.
   */
  static clear(target: usize, toSecond: usize, count: usize): void {
    const end = target + (count << 3);
    for (; target + 8 < end; target += 16) {
      v128.store(target, i64x2.splat(0));
      v128.store(target + toSecond, i64x2.splat(0));
    }
    if (target == end) return;
    store<u64>(target, 0);
    store<u64>(target + toSecond, 0);
  }

  /** Ones in the last `count` lanes, zeros in the others. */
  @inline
  static lastLanes(count: usize): v128 {
    return i32x4.ge_s(i32x4(0, 1, 2, 3), i32x4.splat(4 - <i32>count));
  }

  /** Lanes 0 and 1 as f64. */
  @inline
  static low(value: v128): v128 {
    return f64x2.promote_low_f32x4(value);
  }

  /** Lanes 2 and 3 as f64. */
  @inline
  static high(value: v128): v128 {
    return f64x2.promote_low_f32x4(Vector.swap(value));
  }

  /** Lanes 2 and 3 in front. */
  @inline
  static swap(value: v128): v128 {
    return v128.shuffle<u64>(value, value, 1, 1);
  }

  /** Four f64 as four floats. */
  @inline
  static demote(low: v128, high: v128): v128 {
    return v128.shuffle<u64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
  }

  /** Four floats as two f64 sums: lanes 0 + 2 and 1 + 3. */
  @inline
  static widen(value: v128): v128 {
    return f64x2.add(Vector.low(value), Vector.high(value));
  }

  /** Adds the lanes of a vector of two f64 to the f64 at `target`. */
  @inline
  static addSum(target: usize, value: v128): void {
    store<f64>(target, load<f64>(target) + f64x2.extract_lane(value, 0) + f64x2.extract_lane(value, 1));
  }

  /** Adds four floats to the four f64 at `target`. */
  @inline
  static addEach(target: usize, value: v128): void {
    v128.store(target, f64x2.add(v128.load(target), Vector.low(value)));
    v128.store(target, f64x2.add(v128.load(target, 16), Vector.high(value)), 16);
  }

  /** Adds four columns' float32 values to their sums at `block`: four first ones, then four second ones. */
  @inline
  static addBlock(block: usize, first: v128, second: v128): void {
    v128.store(block, f32x4.add(v128.load(block), first));
    v128.store(block, f32x4.add(v128.load(block, 16), second), 16);
  }

  /** a * b + c; rounded once, where the processor can, by the binary of relaxed instructions. */
  @inline
  static madd(a: v128, b: v128, c: v128): v128 {
    return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /** c - a * b, likewise. */
  @inline
  static nmadd(a: v128, b: v128, c: v128): v128 {
    return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_nmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b));
  }

  /** What `isHeld` compares with, for a shift that is finite. */
  @inline
  static limit(shift: v128): v128 {
    return ASC_FEATURE_RELAXED_SIMD ? shift : f32x4.neg(shift);
  }

  /**
   * Ones where madd(a, b, shift) is at most 0. A sum of two floats is rounded to 0 only if it is 0. So the rounded
   * product decides; where the sum is rounded together with the product it is computed.
   */
  @inline
  static isHeld(a: v128, b: v128, limit: v128): v128 {
    return ASC_FEATURE_RELAXED_SIMD
      ? f32x4.le(f32x4.relaxed_madd(a, b, limit), Vector.zero(a))
      : f32x4.le(f32x4.mul(a, b), limit);
  }

  /** a + b + c + d, as a tree. */
  @inline
  static sum(a: v128, b: v128, c: v128, d: v128): v128 {
    return f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  }
}

/**
 * Two channels at a time. `next` is the distance to the second, in values: 1, or 0 for the last of an odd number, which
 * is then read into both lanes, and of which only lane 0 is written. Arrays in the scratch have room for a second.
 */
export class Pair {
  @inline
  static load(source: usize, next: usize): v128 {
    return v128.load64_lane(source + (next << 3), v128.load64_zero(source), 1);
  }

  @inline
  static store(target: usize, value: v128, next: usize): void {
    v128.store64_lane(target + (next << 3), value, 1);
    v128.store64_lane(target, value, 0);
  }

  /** Floats, as f64. */
  @inline
  static loadFloats(source: usize, next: usize): v128 {
    return f64x2.promote_low_f32x4(v128.load32_lane(source + (next << 2), v128.load32_zero(source), 1));
  }

  /** Stores two masks of 64 bits as two of 32 bits, in the scratch. */
  @inline
  static storeMask(target: usize, mask: v128): void {
    v128.store64_lane(target, v128.shuffle<i32>(mask, mask, 0, 2, 0, 2), 0);
  }

  /** Rounds to floats, once, in the scratch. */
  @inline
  static storeFloats(target: usize, value: v128): void {
    v128.store64_lane(target, f32x4.demote_f64x2_zero(value), 0);
  }
}

/** The low part of each value: what its nearest float32, the high part, leaves. */
export class LowPart {
  @inline
  static of(value: v128): v128 {
    return f64x2.sub(value, f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(value)));
  }

  /** Its product with a factor; 0 where the factor is not finite, so that an infinite sum does not become NaN. */
  static times(value: v128, factor: v128): v128 {
    const difference = f64x2.sub(factor, factor);
    return v128.and(f64x2.mul(LowPart.of(value), factor), f64x2.eq(difference, difference));
  }
}
