/** JavaScript kernels do not share work, so all of it is one part. Its sums are two float64 values per channel. */
export const PARTS = 1;

export function partialBytes(_batch: number, channels: number, _spatial: number): number {
  return 16 * channels;
}

/** Tells whether the range from `begin` to `end`, two unsigned numbers, is empty. */
export function isEmpty(begin: number, end: number): boolean {
  return begin >>> 0 >= PARTS || end >>> 0 === 0;
}
