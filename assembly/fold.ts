/**
 * Rows of memory that a loop over rows takes as one wider row: how wide it is, the copying of per-channel values to every
 * column, and the adding of per-column sums to their channels.
 */

/** Planes of fewer values are taken as rows. */
export const NARROW: usize = 4;

/**
 * Columns of a folded row, about: few, so that sums and coefficients stay in the first cache beside the data, and enough to
 * make the start of a row cheap.
 */
const COLUMNS: usize = 64;
/** From so many columns on rows are not folded to make whole vectors. */
const WIDE: usize = 2048;
/** Folded rows that are left, at least: what is set up once a column is used so many times. */
const FEWEST: usize = 8;

/**
 * Columns that coefficients and sums are kept for: one per channel for planes; for rows those of a folded row, whole vectors
 * where that is possible. At most `widest(channels)`.
 */
export function widthOf(batch: usize, channels: usize, spatial: usize): usize {
  if (spatial >= NARROW) return channels;
  const columns = channels * spatial;
  const most = columns < WIDE ? min((batch * columns) / FEWEST, widest(channels)) : 0;
  let width = columns;
  for (let wider = columns; wider <= most && (wider <= COLUMNS || width & 3); wider += columns) {
    if (!(wider & 3)) width = wider;
  }
  return width;
}

/**
 * The most columns that any extents may take for this many channels, or for fewer; the scratch is reserved for them. Narrow
 * planes have NARROW - 1 columns per channel, and a fold that makes whole vectors takes up to four rows of fewer than WIDE.
 */
export function widest(channels: usize): usize {
  const columns = channels * (NARROW - 1);
  return max(COLUMNS, max(columns, min(columns, WIDE) * 4));
}

/** Copies the coefficients of the channels to all columns. slot: width float32, of which the first `channels` are set. */
export function spread(slot: usize, width: usize, channels: usize, spatial: usize): void {
  const columns = channels * spatial;
  if (spatial > 1 && spatial < NARROW) {
    for (let j = columns; j--; ) store<f32>(slot + (j << 2), load<f32>(slot + ((j / spatial) << 2)));
  }
  for (let j = columns; j < width; j += columns) memory.copy(slot + (j << 2), slot, columns << 2);
}

/** Adds the sums of all columns of a channel, in the place of the channel. sums: width f64; a channel has `run` columns in a row. */
export function unfold(sums: usize, width: usize, channels: usize, run: usize): void {
  if (width == channels) return;
  let c: usize = 0;
  let place: usize = 0;
  for (let j: usize = 0; j < width; j++) {
    const target = sums + (c << 3);
    const found = load<f64>(sums + (j << 3));
    // sums[c] may still hold the sum of column c, so the first column of a channel overwrites it and the others add.
    store<f64>(target, j == c * run ? found : load<f64>(target) + found);
    if (++place < run) continue;
    place = 0;
    if (++c == channels) c = 0;
  }
}
