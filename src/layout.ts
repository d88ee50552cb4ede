/**
 * The axes of a tensor in memory, slowest first: N batch, C channels, the others spatial. "C" is a per-channel vector.
 */
export type Layout = "C" | "NC" | "NCL" | "NLC" | "NCHW" | "NHWC" | "NCDHW" | "NDHWC";

const LAYOUTS: readonly string[] = ["C", "NC", "NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC"] satisfies Layout[];

/** A shape as the kernels see it: `batch` x `channels` planes of `spatial` values. Rows are planes of one value. */
export interface Extents {
  readonly batch: number;
  readonly channels: number;
  readonly spatial: number;
  /** Values per channel. */
  readonly count: number;
  /** count * channels. */
  readonly length: number;
  /** The shape, in an array that is not frozen: V8 reads the elements of those ten times as fast. */
  readonly shape: readonly number[];
  /** Tells whether the kernels already have scratch for these extents. Scratch never shrinks. */
  hasScratch: boolean;
}

/** The scratch for more channels would exceed 32-bit addresses. */
export const MOST_CHANNELS: number = 2 ** 24;

export function isLayout(value: string): value is Layout {
  return LAYOUTS.includes(value);
}

/** The extents of a shape that has one extent for each letter of the layout. */
export function extentsOf(shape: readonly number[], layout: Layout): Extents {
  let batch = 1;
  let spatial = 1;
  let channels = 1;
  for (let axis = 0; axis < layout.length; axis++) {
    if (layout[axis] === "C") channels = shape[axis];
    else if (layout[axis] === "N") batch = shape[axis];
    else spatial *= shape[axis];
  }
  const count = batch * spatial;
  const length = count * channels;
  // One channel is one plane in any order of the axes.
  if (channels === 1) [batch, spatial] = [1, count];
  else if (layout.endsWith("C")) [batch, spatial] = [count, 1];
  return { batch, channels, spatial, count, length, shape: [...shape], hasScratch: false };
}
