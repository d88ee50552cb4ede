import fc from "fast-check";

/** A tensor's extents as a case names them, such as `3x5x17`. */
export interface Shaped {
  readonly layout: string;
  readonly shape: string;
}

const layouts = ["NC", "NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC"];

/** 1, primes, and powers of two with their neighbours: the widths of vectors, tiles, blocks and pages are among them. */
const extents = [
  ...[1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 15, 16, 17, 19, 23, 31, 32, 33, 37, 47, 63, 64, 65, 67, 97, 127, 128, 129, 131],
  ...[251, 255, 256, 257, 263, 509, 511, 512, 513, 521, 1021, 1023, 1024, 1025, 1031, 2039, 2047, 2048, 2049, 2053],
  ...[3001, 4093, 4095, 4096, 4097, 4099],
];

export const extent = fc.oneof(
  { arbitrary: fc.constantFrom(...extents.slice(0, 18)), weight: 4 },
  { arbitrary: fc.constantFrom(...extents), weight: 3 },
  { arbitrary: fc.integer({ min: 1, max: 4100 }), weight: 1 },
);

/** The most values of a case: most are small, because a small case takes less time, and a few are large. */
export const size = fc.oneof(
  { arbitrary: fc.constant(300), weight: 60 },
  { arbitrary: fc.constant(3000), weight: 30 },
  { arbitrary: fc.constant(30_000), weight: 9 },
  { arbitrary: fc.constant(300_000), weight: 1 },
);

/** Cuts extents so that their product is at most `most`. Axis `first` and those after it keep theirs before the others. */
export function cut(given: readonly number[], most: number, first: number): number[] {
  const result = [...given];
  let product = 1;
  for (let i = 0; i < given.length; i++) {
    const axis = (first + i) % given.length;
    result[axis] = Math.max(Math.min(given[axis], 1), Math.min(given[axis], Math.floor(most / product)));
    product *= Math.max(result[axis], 1);
  }
  return result;
}

/** A layout and a shape; one of 60 has an extent of 0 beside the channels. */
export const shaped: fc.Arbitrary<Shaped> = fc
  .tuple(fc.constantFrom(...layouts), fc.array(extent, { minLength: 5, maxLength: 5 }), size, fc.nat(4), fc.nat(59))
  .map(([layout, given, most, first, empty]) => {
    const shape = cut(given.slice(0, layout.length), most, first);
    if (empty === 59) shape[(layout.indexOf("C") + 1 + first) % layout.length] = 0;
    if (shape[layout.indexOf("C")] === 0) shape[layout.indexOf("C")] = 1;
    return { layout, shape: shape.join("x") };
  });

export function extentsOf({ shape }: Shaped): number[] {
  return shape.split("x").map(Number);
}

/** Where the values of a channel lie: value s of sample n at n·sampleStride + c·channelStride + s·valueStride. */
export interface Axes {
  readonly length: number;
  readonly batch: number;
  readonly channels: number;
  readonly spatial: number;
  /** Values per channel. */
  readonly count: number;
  readonly sampleStride: number;
  readonly channelStride: number;
  readonly valueStride: number;
}

export function axesOf(layout: string, shape: readonly number[]): Axes {
  const axis = layout.indexOf("C");
  const channels = shape[axis];
  const spatial = shape.reduce((product, value, i) => (i === 0 || i === axis ? product : product * value), 1);
  const last = layout.endsWith("C");
  return {
    length: shape[0] * channels * spatial,
    batch: shape[0],
    channels,
    spatial,
    count: shape[0] * spatial,
    sampleStride: channels * spatial,
    channelStride: last ? 1 : spatial,
    valueStride: last ? channels : 1,
  };
}

/** The index in the tensor of value i of channel c. */
export function indexOf(axes: Axes, c: number, i: number): number {
  const n = Math.floor(i / axes.spatial);
  return n * axes.sampleStride + c * axes.channelStride + (i - n * axes.spatial) * axes.valueStride;
}

/** The values of channel c, sample after sample. */
export function gather(values: ArrayLike<number>, axes: Axes, c: number): Float64Array {
  const { batch, spatial, sampleStride, channelStride, valueStride } = axes;
  const channel = new Float64Array(axes.count);
  for (let n = 0, i = 0; n < batch; n++) {
    let at = n * sampleStride + c * channelStride;
    for (let s = 0; s < spatial; s++, i++, at += valueStride) channel[i] = values[at];
  }
  return channel;
}

export function scatter(channel: ArrayLike<number>, values: Float32Array, axes: Axes, c: number): void {
  const { batch, spatial, sampleStride, channelStride, valueStride } = axes;
  for (let n = 0, i = 0; n < batch; n++) {
    let at = n * sampleStride + c * channelStride;
    for (let s = 0; s < spatial; s++, i++, at += valueStride) values[at] = channel[i];
  }
}
