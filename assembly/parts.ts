import { isRows } from "./fold";

/**
 * How a phase is split for several workers: by the batch, or by channels. This follows from the extents alone, so the
 * results have the same bits for any number of workers.
 */

/** A part has at least so many values: 128 KB of x. */
const FEWEST_VALUES: usize = 32768;
const MOST_PARTS: usize = 16;
/** An end beyond the parts of any extents: all that there are. */
export const ALL: usize = 0x7fffffff;
/** Planes of fewer channels are split by the batch. */
const FEW_CHANNELS: usize = 8;
/** A part of rows has at least so many: its sums of all columns have to be added to those of the other parts. */
const FEWEST_ROWS: usize = 64;
/** Columns of rows are split in whole cache lines. */
const LINE: usize = 16;

/** Parts of the batch; 1 where channels are split. */
export function batchParts(batch: usize, channels: usize, spatial: usize): usize {
  const columns = channels * spatial;
  const most = min(MOST_PARTS, (batch * columns) / FEWEST_VALUES);
  if (most < 2) return 1;
  if (!isRows(batch, spatial)) return channels < FEW_CHANNELS ? min(most, batch) : 1;
  // A few long rows are split by columns, which leaves nothing to add up.
  if (splitsColumns(channels, spatial) && batch < 4 * columns) return 1;
  return max(1, min(most, batch / FEWEST_ROWS));
}

/** Parts of the channels; 1 where the batch is split. */
function channelParts(batch: usize, channels: usize, spatial: usize): usize {
  const most = min(MOST_PARTS, (batch * channels * spatial) / FEWEST_VALUES);
  if (most < 2 || batchParts(batch, channels, spatial) > 1) return 1;
  if (!isRows(batch, spatial)) return min(most, channels);
  return splitsColumns(channels, spatial) ? min(most, channels / LINE) : 1;
}

function splitsColumns(channels: usize, spatial: usize): bool {
  return spatial == 1 && !(channels & 3) && channels >= 4 * LINE;
}

/** The number of parts that a phase can be done in. */
export function parts(batch: usize, channels: usize, spatial: usize): usize {
  return batchParts(batch, channels, spatial) * channelParts(batch, channels, spatial);
}

/** Where part number `part` of `count` begins in `length`; for a number of `count` or more, the end. */
function boundary(length: usize, part: usize, count: usize): usize {
  return part < count ? (length / count) * part + min(part, length % count) : length;
}

/**
 * The samples and channels of the parts in a range. Where channels are split, the whole batch belongs to every part;
 * where the batch is split, all channels do.
 */
export class Part {
  @inline
  static firstSample(begin: usize, batch: usize, channels: usize, spatial: usize): usize {
    return begin ? sampleAt(begin, batch, channels, spatial, 0) : 0;
  }

  @inline
  static endSample(end: usize, batch: usize, channels: usize, spatial: usize): usize {
    return end == ALL ? batch : sampleAt(end, batch, channels, spatial, batch);
  }

  @inline
  static firstChannel(begin: usize, batch: usize, channels: usize, spatial: usize): usize {
    return begin ? channelAt(begin, batch, channels, spatial, 0) : 0;
  }

  @inline
  static endChannel(end: usize, batch: usize, channels: usize, spatial: usize): usize {
    return end == ALL ? channels : channelAt(end, batch, channels, spatial, channels);
  }
}

/** Where a part begins in the batch, or `unsplit`. */
function sampleAt(part: usize, batch: usize, channels: usize, spatial: usize, unsplit: usize): usize {
  const count = batchParts(batch, channels, spatial);
  return count > 1 ? boundary(batch, part, count) : unsplit;
}

/** Where a part begins among the channels, or `unsplit` where the batch is split. */
function channelAt(part: usize, batch: usize, channels: usize, spatial: usize, unsplit: usize): usize {
  if (batchParts(batch, channels, spatial) > 1) return unsplit;
  const count = channelParts(batch, channels, spatial);
  if (part >= count) return channels;
  if (!isRows(batch, spatial)) return boundary(channels, part, count);
  return boundary(channels / LINE, part, count) * LINE;
}
