/**
 * Rows of memory that a loop over rows takes as one wider row: how wide, the spreading of what there is one of a channel,
 * and the adding up of what there is one of a column.
 */

/** Planes of fewer values are taken as rows. */
export const NARROW: usize = 4;

/** Columns of a folded row, about: enough that the start of a row costs little, few enough that coefficients stay cached. */
const FOLD: usize = 1000;
/** From so many columns on rows are not folded: a last partial tile then costs little beside the rest of the row. */
const WIDE: usize = 2048;
/** Folded rows that are left, at least: the coefficients of each column are set up once and used so many times. */
const FEWEST: usize = 8;

/**
 * Columns that coefficients and sums are kept for: one a channel for planes; for rows those of a folded row, whole tiles
 * of 16 where that is possible.
 */
export function widthOf(batch: usize, channels: usize, spatial: usize): usize {
  if (spatial >= NARROW) return channels;
  const columns = channels * spatial;
  const most = columns < WIDE ? (batch * columns) / FEWEST : 0;
  let width = columns;
  for (let wider = columns; wider <= most && (wider < FOLD || width & 15); wider += columns) {
    if (!(wider & 15)) width = wider;
  }
  return width;
}

/** The most columns that any batch has for this many channels: planes of 3 values, or sixteenfold rows. */
export function widest(channels: usize): usize {
  return max(FOLD, max(channels * 3, min(channels * 48, WIDE * 16)));
}

/** Spreads the coefficients of the channels over the columns in each of `slots` slots. */
export function spread(coefficients: usize, width: usize, channels: usize, spatial: usize, slots: usize): void {
  if (width == channels) return;
  const columns = channels * spatial;
  for (let first = coefficients; slots; slots--) {
    if (spatial > 1) {
      for (let j = columns; j--; ) store<f32>(first + (j << 2), load<f32>(first + ((j / spatial) << 2)));
    }
    for (let j = columns; j < width; j += columns) memory.copy(first + (j << 2), first, columns << 2);
    first += width << 2;
  }
}

/** Keeps one column a channel: pivots[c] = pivots[c * run]. */
export function firstOfRuns(pivots: usize, channels: usize, run: usize): void {
  if (run == 1) return;
  for (let c: usize = 0; c < channels; c++) {
    store<f32>(pivots + (c << 2), load<f32>(pivots + ((c * run) << 2)));
  }
}

/** Adds the sums of all columns of a channel up in the channel's place. */
export function unfold(sums: usize, width: usize, channels: usize, run: usize): void {
  const columns = channels * run;
  for (let j = sums + ((width - 1) << 3); j >= sums + (columns << 3); j -= 8) {
    const target = j - (columns << 3);
    store<f64>(target, load<f64>(target) + load<f64>(j));
  }
  if (run == 1) return;
  for (let c: usize = 0; c < channels; c++) {
    let sum: f64 = 0;
    for (let i: usize = 0; i < run; i++) sum += load<f64>(sums + ((c * run + i) << 3));
    store<f64>(sums + (c << 3), sum);
  }
}
