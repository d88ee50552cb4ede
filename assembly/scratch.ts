import { spread, widthOf } from "./fold";
import { batchParts } from "./parts";

/**
 * Per-channel coefficients in the kernel's scratch, float32. Those of four columns lie together in records of four
 * slots: what y is computed from, what dx is computed from, and marks. A loop loads the slots that its operation names
 * in `slots()`, a set of bits.
 *
 * x is centred on the float32 nearest to the mean; what that leaves of the mean goes into the shift, so nothing is lost
 * to cancellation: y = (x - MEAN) * SCALE + SHIFT.
 */
export const MEAN: i32 = 0;
export const SCALE: i32 = 1;
export const SHIFT: i32 = 2;
/**
 * Not 0 for a channel c that is computed in float64; in a map it is -1 - c, because float32 does not hold its
 * coefficients.
 */
export const FLOAT64: i32 = 3;
/**
 * dx = ((dy - OFFSET) - (x - MEAN) * SLOPE) * SCALE. MEAN and SCALE are repeated here, so that dx needs one cache line:
 * with 256 columns or more it takes 0.87 to 0.90 of the time.
 */
export const MEAN_OF_DX: i32 = 4;
export const SCALE_OF_DX: i32 = 5;
export const OFFSET: i32 = 6;
export const SLOPE: i32 = 7;
/** Not 0 for a channel whose y is computed in float64. */
export const FLOAT64_Y: i32 = 8;
/** Not 0 for a channel that this round sums in float64. */
export const CHOSEN: i32 = 9;
const SLOTS: i32 = 12;
/** Sets of slots: what y needs, and what says which channels are computed in float64. */
export const AFFINE: i32 = (1 << MEAN) | (1 << SCALE) | (1 << SHIFT);
export const IN_FLOAT64: i32 = (1 << FLOAT64) | (1 << FLOAT64_Y);
/** What dx needs besides. */
export const OF_DX: i32 = (1 << OFFSET) | (1 << SLOPE);
/** Slots in a record, and its bytes. */
const IN_RECORD: i32 = 4;
export const RECORD: usize = 64;
export const RECORDS: usize = 3;

/** The same coefficients before they are rounded, for those channels: an array of channels f64 per slot. */
export const SCALE64: i32 = 0;
export const SHIFT64: i32 = 1;
export const OFFSET64: i32 = 2;
export const SLOPE64: i32 = 3;
const SLOTS64: i32 = 4;

/** Bytes of the coefficients of four lanes, 16 bytes for each slot of float32 and 32 for each of float64. */
const BLOCK: usize = 16 * SLOTS + 32 * SLOTS64;

/** Rows that do not fill a group are copied: eight of one input, or four of each. */
const COPIES: i32 = 8;

/**
 * Scratch of a kernel over `width` columns, in this order: coefficients; the float32 sums of blocks, for every four
 * columns their first sums, then their second sums; copies of the rows that do not fill a group; float64 coefficients;
 * the float64 sums, all first ones, then all second ones; the coefficients of four lanes; the sums of all parts. Each
 * array is 16 columns longer than the width: otherwise arrays of a multiple of 4096 bytes would share a few sets of
 * the L1 cache.
 */
export class Scratch {
  static bytes(batch: usize, channels: usize, spatial: usize): usize {
    const pitch = Scratch.pitch(widthOf(batch, channels, spatial));
    return Scratch.partials(0, pitch) + Scratch.partialBytes(batch, channels, spatial);
  }

  /** Bytes of the sums of all parts, per part of the batch two arrays of channels f64, and of the pivots. */
  static partialBytes(batch: usize, channels: usize, spatial: usize): usize {
    return Scratch.pivots(0, batch, channels, spatial) + Scratch.pitch(channels);
  }

  /** What the statistics are summed about: channels float32. */
  static pivots(partials: usize, batch: usize, channels: usize, spatial: usize): usize {
    return partials + (Scratch.pitch(channels) << 2) * batchParts(batch, channels, spatial);
  }

  /** Columns in whole vectors. */
  @inline
  static whole(width: usize): usize {
    return (width + 3) & ~3;
  }

  /** Bytes from one slot to the next. */
  @inline
  static pitch(width: usize): usize {
    return (Scratch.whole(width) + 16) << 2;
  }

  /** The float32 sums of blocks. */
  @inline
  static blocks(scratch: usize, pitch: usize): usize {
    return scratch + pitch * SLOTS;
  }

  @inline
  static copies(scratch: usize, pitch: usize): usize {
    return scratch + pitch * (SLOTS + 2);
  }

  /** The first float64 coefficients. */
  @inline
  static wide(scratch: usize, pitch: usize): usize {
    return scratch + pitch * (SLOTS + 2 + COPIES);
  }

  /** The first sums of all columns. */
  @inline
  static sums(scratch: usize, pitch: usize): usize {
    return scratch + pitch * (SLOTS + 2 + COPIES + 2 * SLOTS64);
  }

  /** The second sums. */
  @inline
  static seconds(sums: usize, pitch: usize): usize {
    return sums + 2 * pitch;
  }

  /** The coefficients of four lanes; see float64.ts. */
  @inline
  static block(scratch: usize, pitch: usize): usize {
    return scratch + pitch * (SLOTS + 2 + COPIES + 2 * SLOTS64 + 4);
  }

  @inline
  static partials(scratch: usize, pitch: usize): usize {
    return Scratch.block(scratch, pitch) + BLOCK;
  }

  /** The first record of column c and the next three; c is a multiple of 4. */
  @inline
  static record(scratch: usize, c: usize): usize {
    return scratch + (c << 4);
  }

  /** From a first record to the second one of the same columns, less the bytes of the slots in the first. */
  @inline
  static toSecond(pitch: usize): usize {
    return pitch * IN_RECORD - RECORD;
  }

  /** From a first record to the third one, less the bytes of the slots in the others. */
  @inline
  static toThird(pitch: usize): usize {
    return 2 * Scratch.toSecond(pitch);
  }

  /** The coefficients of column c, 16 bytes apart. */
  @inline
  static column(scratch: usize, c: usize): usize {
    return Scratch.record(scratch, c & ~3) + ((c & 3) << 2);
  }
}

/** Repeats MEAN and SCALE of the columns in [from, to) beside what dx needs besides. */
export function repeatForGradient(scratch: usize, width: usize, from: usize, to: usize): void {
  const toSecond = Scratch.toSecond(Scratch.pitch(width));
  for (let c = from; c < to; c += 4) {
    const record = Scratch.record(scratch, c);
    v128.store(record + toSecond, v128.load(record, 16 * MEAN), 16 * MEAN_OF_DX);
    v128.store(record + toSecond, v128.load(record, 16 * SCALE), 16 * SCALE_OF_DX);
  }
}

/** Copies the float32 coefficients of the channels to all columns, in the slots that `slots` names, a bit for each. */
export function spreadCoefficients(slots: i32, scratch: usize, width: usize, channels: usize, spatial: usize): void {
  const pitch = Scratch.pitch(width);
  // The columns behind the last one, in its record, are not computed in float64.
  for (let j = width; j & 3; j++) store<i32>(Scratch.column(scratch, j), 0, 16 * FLOAT64);
  if (width == channels) return;
  for (let slot = 0; slot < SLOTS; slot++) {
    if (!(slots & (1 << slot))) continue;
    const first = scratch + slot * 16 + (slot / IN_RECORD) * Scratch.toSecond(pitch);
    const values = Scratch.copies(scratch, pitch);
    for (let c: usize = 0; c < channels; c++) store<f32>(values + (c << 2), load<f32>(Scratch.column(first, c)));
    spread(values, width, channels, spatial);
    for (let c: usize = 0; c < width; c += 4) v128.store(Scratch.record(first, c), v128.load(values + (c << 2)));
  }
}
