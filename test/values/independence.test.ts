import { describe, expect, it } from "vitest";
import { batchStatistics, type Layout } from "../../src/index.js";
import { loadKernels } from "../helpers/backend.js";
import { random } from "../helpers/random.js";
import { axes } from "../helpers/reference.js";

/**
 * A channel's statistics depend on its own values alone: how the others lie decides how often x is read, not what is
 * found. Shapes on both sides of 256 values per channel, of folded rows, and of groups of rows.
 */

const shapes: readonly (readonly [Layout, readonly number[]])[] = [
  ["NCHW", [4, 5, 9, 11]],
  ["NCHW", [2, 5, 6, 6]],
  ["NCL", [40, 3, 2]],
  ["NC", [67, 33]],
  ["NC", [67, 64]],
  ["NC", [1030, 5]],
  ["NC", [300, 64]],
  ["NHWC", [3, 31, 29, 6]],
];

const first: Readonly<Record<string, (noise: number) => number>> = {
  "about 0": (noise) => noise,
  "3 deviations from 0": (noise) => 3 + noise,
  "100,000 deviations from 0": (noise) => 1e5 + noise,
  tiny: (noise) => 1e-25 * noise,
  huge: (noise) => 1e25 * noise,
  constant: () => 0.1,
  zero: () => 0,
  NaN: () => Number.NaN,
};

describe.each(shapes)("%s %j", (layout, shape) => {
  const kernels = loadKernels();
  const { size, channelOf } = axes(shape, layout);
  const { normal } = random(7);
  const noise = Float64Array.from({ length: size }, normal);

  function statistics(value: (noise: number) => number) {
    const x = Float32Array.from(noise, (n, i) => (channelOf(i) === 0 ? value(n) : channelOf(i) + n));
    const tensor = kernels.tensor(shape, layout, x);
    const { mean, variance } = batchStatistics(tensor);
    tensor.dispose();
    return { x, mean: mean.slice(), variance: variance.slice() };
  }

  const plain = statistics(first["about 0"]);

  it.each(Object.keys(first))("a channel %s", (kind) => {
    const { x, mean, variance } = statistics(first[kind]);
    expect([...mean.slice(1)]).toEqual([...plain.mean.slice(1)]);
    expect([...variance.slice(1)]).toEqual([...plain.variance.slice(1)]);
    const own = [...x].filter((_, i) => channelOf(i) === 0);
    const expectedMean = own.reduce((sum, v) => sum + v, 0) / own.length;
    const expectedVariance = own.reduce((sum, v) => sum + (v - expectedMean) ** 2, 0) / own.length;
    if (kind === "NaN") {
      expect([mean[0], variance[0]]).toEqual([Number.NaN, Number.NaN]);
    } else if (kind === "constant" || kind === "zero") {
      expect([mean[0], variance[0]]).toEqual([own[0], 0]);
    } else {
      expect(Math.abs(mean[0] - expectedMean)).toBeLessThan(1e-6 * Math.sqrt(expectedVariance));
      expect(Math.abs(variance[0] / expectedVariance - 1)).toBeLessThan(1e-6);
    }
  });
});
