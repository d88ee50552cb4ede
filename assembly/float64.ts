import { Numbered, Relu } from "./activation";
import { INPUT_GRADIENT, NORMALIZE, NORMALIZE_ADD } from "./ops";
import {
  FLOAT64,
  FLOAT64_Y,
  MEAN,
  OFFSET,
  OFFSET64,
  RECORD,
  RECORDS,
  SCALE,
  SCALE64,
  Scratch,
  SHIFT,
  SHIFT64,
  SLOPE,
  SLOPE64,
} from "./scratch";
import { Vector } from "./vector";

/**
 * Maps in float64, for channels whose coefficients float32 does not hold: two of the four lanes of a vector at a time.
 *
 * A block holds the coefficients of the four lanes: their records, then 32 bytes for each of the 4 float64 slots.
 */

const WIDE: usize = RECORDS * RECORD;

/** Two lanes; block: their first float64 coefficients. */
class Lanes {
  /** y before the activation; b is the residual. */
  @inline
  static affine(x: v128, b: v128, mean: v128, block: usize): v128 {
    const y = f64x2.mul(f64x2.sub(x, mean), v128.load(block, WIDE + 32 * SCALE64));
    return f64x2.add(y, f64x2.add(v128.load(block, WIDE + 32 * SHIFT64), b));
  }

  /** dx; b is dy behind the activation. Where the slope is 0 nothing passes through x, not even of an infinite one. */
  @inline
  static gradient(x: v128, b: v128, mean: v128, block: usize): v128 {
    const slope = v128.load(block, WIDE + 32 * SLOPE64);
    const through = f64x2.mul(v128.and(f64x2.sub(x, mean), f64x2.ne(slope, Vector.zero(slope))), slope);
    const rest = f64x2.sub(f64x2.sub(b, v128.load(block, WIDE + 32 * OFFSET64)), through);
    return f64x2.mul(rest, v128.load(block, WIDE + 32 * SCALE64));
  }
}

/** y before the activation, plus b; in float64 in the lanes that FLOAT64_Y names, in float32 in the others. */
function affine(x: v128, b: v128, block: usize): v128 {
  const mean = v128.load(block, 16 * MEAN);
  const narrow = Vector.madd(f32x4.sub(x, mean), v128.load(block, 16 * SCALE), v128.load(block, 16 * SHIFT));
  const low = Lanes.affine(Vector.low(x), Vector.low(b), Vector.low(mean), block);
  const high = Lanes.affine(Vector.high(x), Vector.high(b), Vector.high(mean), block + 16);
  const inFloat32 = i32x4.eq(v128.load(block, 16 * FLOAT64_Y), Vector.zero(x));
  return v128.bitselect(f32x4.add(narrow, b), Vector.demote(low, high), inFloat32);
}

/** The activation of the block's lanes. */
export class Mask {
  /** Whether y is computed in float64 in one of the lanes. */
  @inline
  static isWide(block: usize): bool {
    return v128.any_true(v128.load(block, 16 * FLOAT64_Y));
  }

  /** dy where y lets it through. */
  @inline
  static passed(activation: i32, dy: v128, x: v128, block: usize, wide: bool): v128 {
    const d = f32x4.sub(x, v128.load(block, 16 * MEAN));
    const y = wide
      ? affine(x, f32x4.splat(0), block)
      : Vector.madd(d, v128.load(block, 16 * SCALE), v128.load(block, 16 * SHIFT));
    return v128.andnot(dy, Numbered.holds(activation, y));
  }
}

/**
 * out = op(a, b) for `count` vectors of four float32, `stride` bytes apart: in float64 in the lanes that FLOAT64 names,
 * in float32 in the others. `toA` and `toB` lead from out to the inputs, in bytes; out may be a or b. block: 256 bytes.
 */
export function mapStrip(op: i32, out: usize, toA: usize, toB: usize, block: usize, stride: usize, count: usize): void {
  if (op >= INPUT_GRADIENT) mapGradient(op, out, toA, toB, block, stride, count);
  else mapAffine(op, out, toA, toB, block, stride, count);
}

function mapAffine(op: i32, out: usize, toA: usize, toB: usize, block: usize, stride: usize, count: usize): void {
  const activation = op - (op < NORMALIZE_ADD ? NORMALIZE : NORMALIZE_ADD);
  for (; count; count--) {
    const b = op < NORMALIZE_ADD ? i32x4.splat(i32.MIN_VALUE) : v128.load(out + toB);
    v128.store(out, Numbered.of(activation, affine(v128.load(out + toA), b, block)));
    out += stride;
  }
}

function mapGradient(op: i32, out: usize, toA: usize, toB: usize, block: usize, stride: usize, count: usize): void {
  const mean = v128.load(block, 16 * MEAN);
  const scale = v128.load(block, 16 * SCALE);
  const offset = v128.load(block, 16 * OFFSET);
  const slope = v128.load(block, 16 * SLOPE);
  const inFloat32 = i32x4.eq(v128.load(block, 16 * FLOAT64), Vector.zero(mean));
  const passing = changetype<Relu>(0).passing(slope);
  // Where no lane is in float32, products that may leave its range, which takes processors long, are not computed.
  const mixed = v128.any_true(inFloat32);
  const meanLow = Vector.low(mean);
  const meanHigh = Vector.high(mean);
  const wide = Mask.isWide(block);
  for (; count; count--) {
    const a = v128.load(out + toA);
    let b = v128.load(out + toB);
    if (op > INPUT_GRADIENT) b = Mask.passed(op - INPUT_GRADIENT, b, a, block, wide);
    const low = Lanes.gradient(Vector.low(a), Vector.low(b), meanLow, block);
    const high = Lanes.gradient(Vector.high(a), Vector.high(b), meanHigh, block + 16);
    let result = Vector.demote(low, high);
    if (mixed) {
      const d = v128.and(f32x4.sub(a, mean), passing);
      const narrow = f32x4.mul(Vector.nmadd(d, slope, f32x4.sub(b, offset)), scale);
      result = v128.bitselect(narrow, result, inFloat32);
    }
    v128.store(out, result);
    out += stride;
  }
}

/**
 * Fills the block of four columns: `column`, `column` + `next` and so on. `next` is 0 for four values of one channel.
 *
 * scratch: coefficients, those in float64 2 * `pitch` bytes apart.
 */
export function fillBlock(block: usize, scratch: usize, pitch: usize, column: usize, next: usize): void {
  const k = Scratch.column(scratch, column);
  for (let slot: usize = 0; slot < WIDE; slot += 16) {
    const at = k + slot + (slot / RECORD) * Scratch.toSecond(pitch);
    v128.store(block + slot, next ? v128.load(at) : v128.load32_splat(at));
  }
  for (let lane: usize = 0; lane < 4; lane++) {
    const channel = -1 - load<i32>(block + lane * 4, FLOAT64 * 16);
    if (channel < 0) continue;
    const wide = Scratch.wide(scratch, pitch) + ((<usize>channel) << 3);
    const target = block + lane * 8;
    store<f64>(target, load<f64>(wide + 2 * pitch * SCALE64), WIDE + 32 * SCALE64);
    store<f64>(target, load<f64>(wide + 2 * pitch * SHIFT64), WIDE + 32 * SHIFT64);
    store<f64>(target, load<f64>(wide + 2 * pitch * OFFSET64), WIDE + 32 * OFFSET64);
    store<f64>(target, load<f64>(wide + 2 * pitch * SLOPE64), WIDE + 32 * SLOPE64);
  }
}
