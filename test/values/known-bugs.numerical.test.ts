/** Numerical bugs of other libraries, N1 to N21 of known-bugs.md. */
import { describe, expect, it } from "vitest";
import { BatchNorm, type BatchNormOptions, batchStatistics, normalize } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { expectClose } from "../helpers/compare.js";
import { axes } from "../helpers/reference.js";
import { expectLayer, normal, spatial, spatialLayouts, tensorIn } from "../helpers/support.js";

/** Two channels of `values` each, in an NC tensor; enough rows for every path of the kernels. */
function columns(values: ArrayLike<number>) {
  const both = Float32Array.from({ length: 2 * values.length }, (_, i) => values[i >> 1]);
  return kernels.tensor([values.length, 2], "NC", both);
}

/** The same values as planes of one channel. */
function plane(values: ArrayLike<number>) {
  return kernels.tensor([1, 1, values.length], "NCL", values);
}

/** Mean and variance within the goal, for both kernels. */
function expectStatistics(values: Float32Array): void {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  for (const got of [batchStatistics(columns(values)), batchStatistics(plane(values))]) {
    for (const each of got.mean) expect(Math.abs(each - mean)).toBeLessThanOrEqual(1e-6 * mean);
    for (const each of got.variance) expect(Math.abs(each - variance)).toBeLessThanOrEqual(1e-6 * variance);
  }
}

function momentumOne(options?: BatchNormOptions): BatchNorm {
  return new BatchNorm(kernels, 1, { momentum: 1, ...options });
}

describe("constant channels", () => {
  const constants = [0.1, 1e6 + 0.125, -54321.123, 1e-30, 3e38, 0];

  it.each(spatialLayouts)("N1 pytorch#5410: give exactly beta (%s)", (layout) => {
    const [batch, channels] = [7, constants.length];
    const values = Float32Array.from(
      { length: batch * channels * spatial },
      (_, i) => constants[Math.floor(i / spatial) % channels],
    );
    const layer = new BatchNorm(kernels, channels);
    layer.gamma?.data.set([1, -2, 3, 0.5, 1, 7]);
    layer.beta?.data.set([0.3, -1, 0, 2, 5, 1e-20]);
    const x = tensorIn(kernels, layout, values, [batch, channels]);
    const { channelOf } = axes(x.shape, layout);
    const beta = layer.beta?.data.slice() ?? [];
    const y = layer.forward(x).data;
    expect(y).toEqual(y.map((_, i) => beta[channelOf(i)]));
  });

  it("N2 caffe#3963: constant 100 has the mean 100 and the output 0", () => {
    const layer = momentumOne();
    const y = layer.forward(plane(new Float32Array(12_345).fill(100)));
    expect(layer.runningMean).toEqual(new Float64Array([100]));
    expect(layer.runningVar).toEqual(new Float64Array([0]));
    expect(y.data).toEqual(new Float32Array(12_345));
  });
});

describe("variance is the mean of squared deviations, not E[x²] − E[x]²", () => {
  /** Half the values at `mean` − 2^-k, half at `mean` + 2^-k: the variance is 4^-k exactly. */
  const twoLevels = (mean: number, k: number) =>
    Float32Array.from({ length: 66 }, (_, i) => mean + (i % 2 ? 1 : -1) * 2 ** -k);
  /** Where E[x²] − E[x]² in float32, and for the last ones in float64, is 0, negative or noise. */
  const levels: [mean: number, k: number][] = [
    [1, 20],
    [100, 12],
    [1000, 10],
    [1e4, 8],
    [2 ** 20, 2],
    [1e6, 3],
  ];

  it.each(levels)("N3 flax#1491: mean %d, deviation 2^-%d", (mean, k) => {
    for (const x of [columns(twoLevels(mean, k)), plane(twoLevels(mean, k))]) {
      for (const variance of batchStatistics(x).variance) {
        expect(Math.abs(variance - 4 ** -k)).toBeLessThanOrEqual(1e-6 * 4 ** -k);
      }
    }
  });

  it("N3 flax#1491: first values far from all the others, as a pivot that is no good", () => {
    expectStatistics(normal(2 ** 16, 10, 1000, 1).fill(0, 0, 32));
  });

  it("N5 tensorflow#3290: is never negative where all values are nearly equal", () => {
    for (let seed = 0; seed < 50; seed++) {
      const values = normal(37, seed, 10 ** (seed % 7), 1e-7 * 10 ** (seed % 7));
      for (const x of [columns(values), plane(values)]) {
        const low = Math.min(...values);
        for (const variance of batchStatistics(x).variance) {
          expect(variance).toBeGreaterThanOrEqual(0);
          expect(variance === 0).toBe(values.every((value) => value === low));
        }
      }
    }
  });

  it("N6 tensorflow#18334: the running variance stays positive, and inference finite", () => {
    const layer = new BatchNorm(kernels, 1);
    for (let seed = 0; seed < 200; seed++) {
      const values = normal(5, seed, 1e4, 1e-3);
      layer.train().forward(plane(values));
      expect(layer.runningVar?.[0]).toBeGreaterThan(0);
      expect(Number.isFinite(layer.eval().forward(plane(values)).data[0])).toBe(true);
    }
  });

  it("N7 keras#18795: a small variance is measured, not clipped to 0", () => {
    const y = new BatchNorm(kernels, 1, { eps: 0 }).forward(plane(twoLevels(1, 20))).data;
    // One rounding each of the scale and the product; the deviations are exact.
    for (const [i, value] of y.entries()) expect(Math.abs(value - (i % 2 ? 1 : -1))).toBeLessThanOrEqual(2 * 2 ** -24);
  });

  it("N8 tt-metal#45968: mean 5 and standard deviation 0.1", () => {
    expectLayer(new BatchNorm(kernels, 2), columns(normal(1000, 1, 5, 0.1)), columns(normal(1000, 2)));
  });

  it("N9 dlib#3113: data with a mean keeps its statistics", () => {
    expectStatistics(normal(999, 3, 1000, 1));
  });

  it.each([0, 1e3, 1e4, 1e6])("N4 tensorflow#118701: offset %d changes neither output nor gradients", (offset) => {
    // Multiples of 1/16 below 2^20: the offset loses nothing.
    const values = normal(63, 4).map((v) => Math.round(16 * v) / 16);
    const x = values.map((v) => v + offset);
    for (const make of [columns, plane]) {
      expectLayer(new BatchNorm(kernels, make(x).shape[1]), make(x), make(normal(63, 5)));
    }
  });
});

describe("the range of float32", () => {
  const signs = Float32Array.from({ length: 64 }, (_, i) => (i % 4 < 2 ? 1 : -1));

  it.each([1e19, 1e30, 3e38])("N10 pytorch#178123: values of ±%d are normalized to ±1", (size) => {
    for (const x of [columns(signs.map((s) => s * size)), plane(signs.map((s) => s * size))]) {
      const layer = new BatchNorm(kernels, x.shape[1], { momentum: 1, runningVariance: "population" });
      expectClose(`±${size}`, "y", layer.forward(x).data, {
        ref: x.data.map(Math.sign),
        scale: [1],
        channelOf: () => 0,
      });
      const variance = Math.fround(size) ** 2;
      expect(Math.abs((layer.runningVar?.[0] ?? 0) - variance)).toBeLessThanOrEqual(1e-6 * variance);
    }
  });

  it.each([1e19, 1e30, 3e38])("N10 pytorch#178123: so are values of %d and its negative with another mean", (size) => {
    const values = Float32Array.from({ length: 64 }, (_, i) => (i % 4 === 0 ? -size : size));
    for (const x of [columns(values), plane(values)]) expectLayer(new BatchNorm(kernels, x.shape[1]), x, undefined);
  });

  it.each([
    [1e20, 1e20],
    [1e-18, 1e-28],
    [1e30, 1e-30],
    [5e8, 1e26],
  ])(
    "N11 pytorch#57796: dgamma sums dy·xhat, within range where dy·(x − mean) is not (x %d, dy %d)",
    (xSize, dySize) => {
      const [values, gradients] = [normal(64, 6, 0, xSize), normal(64, 7, 0, dySize)];
      for (const make of [columns, plane]) {
        const x = make(values);
        const layer = new BatchNorm(kernels, x.shape[1], { eps: 0 });
        expectLayer(layer, x, make(gradients), 0);
      }
    },
  );

  it("N12 pytorch#18277: a long sum keeps its digits", () => {
    expectStatistics(normal(2 ** 18 + 3, 8, 50, 1));
  });

  it("N13 pytorch#90342: an infinity hits its channel alone, and the statistics can be set right", () => {
    const values = normal(40, 9);
    const clean = new BatchNorm(kernels, 2);
    const cleanY = clean.forward(kernels.tensor([20, 2], "NC", values)).data.slice();
    const layer = new BatchNorm(kernels, 2);
    const spoilt = values.slice();
    spoilt[6] = Number.POSITIVE_INFINITY;
    const y = layer.forward(kernels.tensor([20, 2], "NC", spoilt)).data;
    const odd = (_: number, i: number) => i % 2 === 1;
    expect(y.filter(odd)).toEqual(cleanY.filter(odd));
    expect(y.filter((_, i) => i % 2 === 0).every(Number.isNaN)).toBe(true);
    expect(layer.runningMean?.[1]).toBe(clean.runningMean?.[1]);
    expect(layer.runningVar?.[1]).toBe(clean.runningVar?.[1]);
    expect(Number.isFinite(layer.runningVar?.[0])).toBe(false);
    layer.runningMean?.set([0], 0);
    layer.runningVar?.set([1], 0);
    expect(
      layer
        .eval()
        .forward(kernels.tensor([20, 2], "NC", values))
        .data.every(Number.isFinite),
    ).toBe(true);
  });
});

describe("eps and the root", () => {
  it("N14 pytorch#166405: a negative eps is refused", () => {
    expect(() => new BatchNorm(kernels, 1, { eps: -1e-9 })).toThrow('"eps" expected a number >= 0, got -1e-9');
    const x = plane([1, 2]);
    expect(() => normalize(x, batchStatistics(x), { eps: -1e-9 })).toThrow('"eps" expected a number >= 0, got -1e-9');
  });

  it("N15 mlx#4312: the constructor refuses it, before any output is partly NaN", () => {
    expect(() => new BatchNorm(kernels, 1, { eps: -10 })).toThrow(RangeError);
  });

  it("N16 pytorch#173337: eps 0 is fine, in training and eval, with variance 0 too", () => {
    const layer = new BatchNorm(kernels, 1, { eps: 0 });
    layer.beta?.data.set([2]);
    expect(Array.from(layer.forward(plane([3, 5])).data)).toEqual([1, 3]);
    expect(Array.from(layer.forward(plane([3, 3])).data)).toEqual([2, 2]);
    expect(layer.backward(plane([1, 2])).dx.data.every((value) => value === 0)).toBe(true);
    layer.eval().runningMean?.fill(0);
    layer.runningVar?.fill(1);
    expect(Array.from(layer.forward(plane([3, 5])).data)).toEqual([5, 7]);
    layer.runningVar?.fill(0);
    expect(Array.from(layer.forward(plane([3, 5])).data)).toEqual([2, 2]);
  });

  it("N17 tensorflow#38644: parameters that would give NaN are refused", () => {
    for (const options of [{ eps: Number.NaN }, { eps: -1 }, { momentum: Number.NaN }, { momentum: -1 }]) {
      expect(() => new BatchNorm(kernels, 1, options)).toThrow(RangeError);
    }
  });

  it("N18 chainer#4505: eps is in no running variance", () => {
    const layer = momentumOne({ eps: 0.5 });
    layer.forward(plane([3, 3, 3]));
    expect(layer.runningVar).toEqual(new Float64Array([0]));
    layer.forward(plane([0, 2]));
    expect(layer.runningVar).toEqual(new Float64Array([2]));
  });

  it("N19 jax#442: divided by the root of variance + eps", () => {
    const layer = new BatchNorm(kernels, 1, { eps: 7 });
    expect(Array.from(layer.forward(plane([-3, 3])).data)).toEqual([-0.75, 0.75]);
    layer.eval().runningVar?.fill(9);
    layer.runningMean?.fill(0);
    expect(Array.from(layer.forward(plane([-3, 3])).data)).toEqual([-0.75, 0.75]);
  });

  it("N20 pytorch#106605: a negative running variance is refused", () => {
    const layer = new BatchNorm(kernels, 1);
    expect(() => layer.loadStateDict({ ...layer.stateDict(), running_var: [-1] })).toThrow(RangeError);
    const x = plane([1, 2]);
    expect(() => normalize(x, { count: 2, mean: Float64Array.of(0), variance: Float64Array.of(-1) })).toThrow(
      RangeError,
    );
  });

  it("N21 mxnet#9216: what is called variance is the variance", () => {
    const { mean, variance } = batchStatistics(plane([1, 5]));
    expect([mean[0], variance[0]]).toEqual([3, 4]);
  });
});
