/** What the ranks of distributed.test.ts compute, and what is expected of them. */
export const CASE = "NCHW 6x5x3x4 train relu gamma beta";

/** Samples per rank. */
export const SHARDS: readonly (readonly number[])[] = [
  [3, 3],
  [5, 1],
  [0, 6],
];
