import { wrongType, wrongValue } from "../errors.js";

/**
 * A tensor as the kernels see it, with the channels on any axis: `batch` x `channels` x `spatial` values in the order
 * of memory. With spatial 1 these are rows of channels, else planes; nothing is ever transposed.
 */
export interface Extents {
  readonly batch: number;
  readonly channels: number;
  readonly spatial: number;
  /** Values per channel. */
  readonly count: number;
}

/** The extents of a shape whose channels are the axes from `first` to before `end`. */
export function extentsOf(shape: readonly number[], first: number, end: number): Extents {
  const batch = productOf(shape, 0, first);
  const channels = productOf(shape, first, end);
  const spatial = productOf(shape, end, shape.length);
  const count = batch * spatial;
  // One channel is one plane in any order of the axes.
  return channels === 1 ? { batch: 1, channels, spatial: count, count } : { batch, channels, spatial, count };
}

export function isEmpty({ channels, count }: Extents): boolean {
  return channels === 0 || count === 0;
}

function productOf(shape: readonly number[], first: number, end: number): number {
  let product = 1;
  for (let i = first; i < end; i++) product *= shape[i];
  return product;
}

/** Checks an axis of a tensor of this shape, and returns it counted from the front. */
export function checkAxis(axis: unknown, shape: readonly number[]): number {
  const rank = shape.length;
  const expected = `an integer from ${-rank} to ${rank - 1} (shape [${shape.join(", ")}])`;
  if (typeof axis !== "number") throw wrongType("axis", expected, axis);
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) throw wrongValue("axis", expected, axis);
  return axis < 0 ? axis + rank : axis;
}
