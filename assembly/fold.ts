/**
 * Folding: a loop over rows takes several rows of the memory as one wider row. This is how wide it is, how per-channel
 * values are copied to every column, and how the sums of columns are added to those of their channels.
 */

/** Planes of fewer values are taken as rows: no vector fits. */
export const NARROW: usize = 4;

/**
 * A folded row has about so many columns: few, so that sums and coefficients stay in the L1 cache beside the data, and
 * enough to make the start of a row cheap.
 */
const COLUMNS: usize = 64;
/** From so many columns on rows are not folded to make whole vectors. */
const WIDE: usize = 2048;
/** At least so many folded rows are left: what is set up once per column is used so many times. */
const FEWEST: usize = 8;
/** Planes of fewer values than these, and than twice the samples of the batch, are taken as rows. */
const SMALL: usize = 16;

/** Whether the loops take each sample's planes as one row; rows are planes of one value. */
export function isRows(batch: usize, spatial: usize): bool {
  return spatial < NARROW || spatial < min(SMALL, 2 * batch);
}

/**
 * How many columns have coefficients and sums: one per channel for planes; for rows those of a folded row, whole
 * vectors where that is possible.
 */
export function widthOf(batch: usize, channels: usize, spatial: usize): usize {
  if (!isRows(batch, spatial)) return channels;
  const columns = channels * spatial;
  const most = columns < WIDE ? (batch * columns) / FEWEST : 0;
  let width = columns;
  for (let wider = columns; wider <= most && (wider <= COLUMNS || width & 3); wider += columns) {
    if (!(wider & 3)) width = wider;
  }
  return width;
}

/**
 * Copies the float32 values of the channels to all columns. values: width float32, of which the first
 * `channels` are set.
 */
export function spread(values: usize, width: usize, channels: usize, spatial: usize): void {
  const columns = channels * spatial;
  for (let c = channels, j = columns; spatial > 1 && c--; ) {
    const value = load<f32>(values + (c << 2));
    for (let i = spatial; i--; ) store<f32>(values + (--j << 2), value);
  }
  for (let j = columns; j < width; j += columns) memory.copy(values + (j << 2), values, columns << 2);
}

/** target[c] = the sum over the columns of channel c. target: channels f64; sums: width f64. */
export function unfold(target: usize, sums: usize, width: usize, channels: usize, spatial: usize): void {
  const columns = channels * spatial;
  for (let c: usize = 0; c < channels; c++) {
    let sum: f64 = 0;
    for (let first = c * spatial; first < width; first += columns) {
      for (let i: usize = 0; i < spatial; i++) sum += load<f64>(sums + ((first + i) << 3));
    }
    store<f64>(target + (c << 3), sum);
  }
}
