import { describe, expect, it } from "vitest";
import { backend, memoryOf } from "../helpers/backend.js";
import { instanceOf } from "../helpers/instances.js";
import { goal } from "../helpers/metric.js";
import { atOnce, statisticsByParts } from "../helpers/phases.js";
import type { Extents, Floats } from "../helpers/placed.js";
import { Placed } from "../helpers/placed.js";
import { random } from "../helpers/random.js";
import { RawMemory } from "../helpers/raw.js";
import * as reference from "../helpers/reference.js";

/** A few rows of many channels are summed about the mean of eight of them. Where that is far off, the channel is read again. */

const ROWS = 64;
const CHANNELS = 48;
const extents: Extents = [ROWS, CHANNELS, 1];
const { normal } = random(11);
const noise = Float64Array.from({ length: ROWS * CHANNELS }, normal);

/** The value of a row, from its noise. */
type Value = (noise: number, row: number) => number;

const near: Readonly<Record<string, Value>> = {
  "about 0": (noise) => noise,
  "1,000 deviations from 0": (noise) => 1000 + noise,
  "one of the eight rows 10,000 deviations from the others": (noise, row) => (row === 16 ? 1e4 : noise),
};
const far: Readonly<Record<string, Value>> = {
  "all eight rows 100 deviations from the others": (noise, row) => (row % 8 === 0 ? 100 : 0) + noise,
  "an infinity that the pivot does not see, and one that it does": (noise, row) => (row === 3 ? Infinity : noise),
  equal: () => 0.1,
  zero: () => 0,
  "of deviation 1e25": (noise) => 1e25 * noise,
  "of deviation 1e-25": (noise) => 1e-25 * noise,
};

describe.each(Object.entries({ ...near, ...far }))("a channel, %s", (name, value) => {
  const raw = new RawMemory(memoryOf({ initial: 16 }));
  const channel = 5;
  const x = Float32Array.from(noise, (n, i) => (i % CHANNELS === channel ? value(n, Math.floor(i / CHANNELS)) : n));
  const values = Array.from({ length: ROWS }, (_, row) => x[row * CHANNELS + channel]);

  it("has its mean and variance", () => {
    const got = raw.run({ instance: instanceOf("statistics"), extents, values: { x }, numbers: {} });
    const { mean, variance } = got as Record<string, Floats>;
    const want = reference.statistics(values, [ROWS, 1], "NC");
    if (!Number.isFinite(want.mean[0])) {
      expect([mean[channel], variance[channel]]).toEqual([want.mean[0], want.variance[0]]);
      return;
    }
    expect(Math.abs(mean[channel] - want.mean[0])).toBeLessThanOrEqual(goal * Math.sqrt(want.variance[0]));
    expect(Math.abs(variance[channel] - want.variance[0])).toBeLessThanOrEqual(goal * want.variance[0]);
  });

  it("is read again where it has to be", () => {
    const placed = new Placed(raw.kernels, raw.memory, extents, ["x", "mean", "variance", "partials"], {});
    placed.write("x", x);
    expect(statisticsByParts(placed.call, atOnce(placed.call)) > 1).toBe(backend === "wasm" && name in far);
  });
});
