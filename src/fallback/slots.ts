/**
 * Per-channel coefficients and sums: float64 arrays, one per slot, `pitch` apart in the kernel's scratch. All
 * arithmetic is float64, which is the fastest in JavaScript, and a result is rounded to float32 once, when it is
 * stored. So the mean needs no low part, and no intermediate value overflows.
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
 * 0 and a value. An index of 0 or 1 chooses one of them: a load takes 0.5 ns, and a mispredicted branch 8 ns. V8 has no
 * select instruction for numbers.
 */
export const CHOICE: Float64Array = new Float64Array(2);

/** Columns in a tile of rows. */
export const TILE = 32;
/** Several rows of few channels are folded into one row of at most this many columns, so that tiles fill it. */
const WIDEST = 256;
/** Folding into fewer rows than this costs more than it saves, because more columns need more coefficients. */
const FEW_ROWS = 16;

/** Returns the smallest number of rows whose columns are a multiple of a tile. */
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

/** The size is enough for fewer channels and for any batch. It includes padding to a multiple of 8. */
export function scratchBytes(_batch: number, channels: number, _spatial: number): number {
  return SLOTS * Math.max(channels, WIDEST) * 8 + 8;
}
