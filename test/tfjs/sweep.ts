import { expect } from "vitest";
import { seeded } from "../../scripts/common/random.js";
import { expectWithin } from "./conv-support.js";
import type { Pad, Rounding, Windows } from "./window-reference.js";

/** What the sweeps of convolutions and poolings share. */

export const random = seeded(5);
/** Between -1 and 1, all of them negative or, with many equal values, of -2, -1, 0. */
export const data = {
  mixed: (size: number) => random.uniform(size, 1),
  negative: (size: number) => random.uniform(size, 0.5).map((value) => value - 0.5),
  equal: (size: number) => random.uniform(size, 1.5).map((value) => Math.round(value - 1)),
};
export const sizeOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);
export const abs = (values: Float32Array) => values.map(Math.abs);
export const taps = ({ axes }: Windows) => axes.reduce((product, { size }) => product * size, 1);

export const explicit: [number, number][] = [
  [0, 0],
  [2, 0],
  [1, 3],
  [0, 0],
];
export const roundings: Rounding[] = [undefined, "floor", "round", "ceil"];
export const paddings: [Pad, Rounding][] = [
  ["same", undefined],
  ["valid", undefined],
  ...([0, 1, 2, explicit] as Pad[]).flatMap((pad) => roundings.map((rounding): [Pad, Rounding] => [pad, rounding])),
];

/** What TensorFlow.js makes room for is not empty. */
export const possible = ({ axes }: Windows) => axes.every(({ count }) => count > 0);

export const shapeOf = ({ batch, axes }: Windows, end: "extent" | "count", channels: number, rank: 4 | 5) => [
  batch,
  ...axes.slice(5 - rank).map((axis) => axis[end]),
  channels,
];

export const padOf = (pad: Pad) => pad as number;

/** Means: the sum of `terms`, the reciprocal of their number, the product. Windows that lie outside of x by identity. */
export function expectPooled(
  got: Float32Array,
  want: Float64Array,
  absolute: Float64Array,
  terms: number,
  what: string,
): void {
  const finite = [...want.keys()].filter((i) => Number.isFinite(want[i]));
  const some = (values: ArrayLike<number>) => finite.map((i) => values[i]);
  expectWithin(some(got), some(want), some(absolute).map(Math.abs), terms + 2, what);
  for (const [i, value] of want.entries()) if (!Number.isFinite(value)) expect(got[i], `${what}, ${i}`).toBe(value);
}
