/** What the SIMD instructions lack: partial loads, lane masks, sums widened to f64. */
export class Vector {
  /** The first `count` (1 to 4) floats at `source`, the other lanes 0; reads no byte beyond them. */
  static load(source: usize, count: usize): v128 {
    if (count == 4) return v128.load(source);
    if (count == 1) return v128.load_zero<f32>(source);
    const pair = v128.load_zero<u64>(source);
    return count == 2 ? pair : v128.load_lane<f32>(source, pair, 2, 8);
  }

  /** Zeros, made from any vector: as a constant each of a loop's sums would add 18 bytes to the binary. */
  @inline
  static zero(any: v128): v128 {
    return v128.xor(any, any);
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
    return f64x2.promote_low_f32x4(v128.shuffle<u64>(value, value, 1, 1));
  }

  /** Four floats as two f64 sums: lanes 0 + 2 and 1 + 3. */
  @inline
  static widen(value: v128): v128 {
    return f64x2.add(Vector.low(value), Vector.high(value));
  }

  /** Adds the lanes of `first` and `second` to the f64 at two addresses. */
  static addSums(target0: usize, target1: usize, first: v128, second: v128): void {
    store<f64>(target0, load<f64>(target0) + f64x2.extract_lane(first, 0) + f64x2.extract_lane(first, 1));
    store<f64>(target1, load<f64>(target1) + f64x2.extract_lane(second, 0) + f64x2.extract_lane(second, 1));
  }

  /** Adds four floats to the four f64 at `target`. */
  @inline
  static addEach(target: usize, value: v128): void {
    v128.store(target, f64x2.add(v128.load(target), Vector.low(value)));
    v128.store(target, f64x2.add(v128.load(target, 16), Vector.high(value)), 16);
  }

  /** Adds eight floats to the eight f64 at `target`. */
  static addHalfTile(target: usize, v0: v128, v1: v128): void {
    Vector.addEach(target, v0);
    Vector.addEach(target + 32, v1);
  }
}

/** Two channels at a time; where `left` is 1 only the first lane is read and written, the other is 0. */
export class Pair {
  @inline
  static load(source: usize, left: usize): v128 {
    return left > 1 ? v128.load(source) : v128.load_zero<f64>(source);
  }

  @inline
  static store(target: usize, value: v128, left: usize): void {
    if (left > 1) v128.store(target, value);
    else v128.store_lane<f64>(target, value, 0);
  }

  /** Floats, as f64. */
  @inline
  static loadFloats(source: usize, left: usize): v128 {
    return f64x2.promote_low_f32x4(left > 1 ? v128.load_zero<u64>(source) : v128.load_zero<f32>(source));
  }

  /** Rounds to floats, once. */
  @inline
  static storeFloats(target: usize, value: v128, left: usize): void {
    const floats = f32x4.demote_f64x2_zero(value);
    if (left > 1) v128.store_lane<u64>(target, floats, 0);
    else v128.store_lane<f32>(target, floats, 0);
  }
}
