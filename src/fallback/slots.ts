/**
 * Per-channel coefficients and sums: float64 arrays, one per slot, `pitch` apart in the kernel's scratch. Arithmetic is
 * float64 throughout and a result is rounded to float32 once, when it is stored: JavaScript has no other that is as fast.
 * So the mean needs no second part, and no value of float32 overflows on the way.
 *
 * y = (x - MEAN) * SCALE + SHIFT, dx = (dy - OFFSET - (x - MEAN) * SLOPE) * SCALE. Centred like this, and not folded into
 * x * a + b, a constant channel gives exactly beta, and infinite values come out as the formula has them.
 */
export const MEAN = 0;
export const SCALE = 1;
export const SHIFT = 2;
export const OFFSET = 3;
export const SLOPE = 4;
/** Sums: of x - pivot (the pivot in MEAN) and of its square, or dbeta and dgamma. */
export const FIRST = 5;
export const SECOND = 6;
const SLOTS = 7;

/** 2^-150, the largest y that is 0 as a float32: ReLU passes dy by the sign of the y that forward stored. */
export const VANISHING = 7.006492321624085e-46;

/**
 * 0, and a value that is chosen or not, by an index of 1 or 0: a load takes 0.5 ns, where a branch takes 8 if it goes
 * either way at random. V8 has no select for numbers.
 */
export const CHOICE: Float64Array = new Float64Array(2);

/** Columns in a tile of rows. */
export const TILE = 32;
/** Rows of few channels are folded, several rows as one of no more columns than these, so that tiles fill it. */
const WIDEST = 256;
/** Fewer folded rows than these are not worth the coefficients of more columns. */
const FEW_ROWS = 16;

/** The number of rows in a folded row: the fewest whose columns are a multiple of a tile. */
function mostFold(channels: number): number {
  if (channels >= TILE) return 1;
  let fold = 1;
  while ((fold * channels) % TILE !== 0) fold *= 2;
  return fold * channels > WIDEST ? 1 : fold;
}

/** Rows in a folded row. */
export function foldOf(rows: number, channels: number): number {
  const fold = mostFold(channels);
  return rows >= FEW_ROWS * fold ? fold : 1;
}

/** The distance between two slots, in values: columns of the widest folded row. */
export function pitchOf(channels: number): number {
  return mostFold(channels) * channels;
}

/** Index of the first slot in this scratch, among the doubles. */
export function slotsIn(scratch: number): number {
  return (scratch + 7) >>> 3;
}

/** Enough for fewer channels, too, and for any batch; with room to begin at a multiple of 8. */
export function scratchBytes(_batch: number, channels: number, _spatial: number): number {
  return SLOTS * Math.max(channels, WIDEST) * 8 + 8;
}
