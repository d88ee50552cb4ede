import { describe, expect, it } from "vitest";
import { BatchNorm } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { normal } from "../helpers/support.js";

const u = 2 ** -24;

/** One channel of 0 and 2: mean 1, population variance 1, sample variance 2, all of them exact. */
const zeroTwo = () => kernels.tensor([2, 1], "NC", [0, 2]);

/** Float64 arithmetic of at most four operations. */
function expectDouble(got: number | undefined, expected: number): void {
  expect(Math.abs((got ?? Number.NaN) - expected)).toBeLessThanOrEqual(4 * 2 ** -53 * Math.abs(expected));
}

describe("defaults", () => {
  it("gamma is ones, beta zeros, the running statistics 0 and 1, nothing counted, training", () => {
    const layer = new BatchNorm(kernels, 3);
    expect(layer.gamma?.shape).toEqual([3]);
    expect(layer.gamma?.layout).toBe("C");
    expect(Array.from(layer.gamma?.data ?? [])).toEqual([1, 1, 1]);
    expect(layer.beta?.shape).toEqual([3]);
    expect(layer.beta?.layout).toBe("C");
    expect(Array.from(layer.beta?.data ?? [])).toEqual([0, 0, 0]);
    expect(layer.runningMean).toEqual(new Float64Array([0, 0, 0]));
    expect(layer.runningVar).toEqual(new Float64Array([1, 1, 1]));
    expect(layer.numBatchesTracked).toBe(0);
    expect(layer.training).toBe(true);
  });

  it("momentum is 0.1 and the running variance unbiased", () => {
    const layer = new BatchNorm(kernels, 1);
    layer.forward(zeroTwo());
    expectDouble(layer.runningMean?.[0], 0.1);
    expectDouble(layer.runningVar?.[0], 0.9 + 0.1 * 2);
    expect(layer.numBatchesTracked).toBe(1);
  });

  it("eps is 1e-5, under the root", () => {
    const layer = new BatchNorm(kernels, 1);
    const half = Math.fround(2 ** -9);
    const y = layer.forward(kernels.tensor([2, 1], "NC", [-half, half])).data;
    const expected = half / Math.sqrt(half * half + 1e-5);
    // One rounding each of the scale and the product; the mean is 0 and exact.
    expect(Math.abs(y[1] - expected)).toBeLessThanOrEqual(2 * u * expected);
    expect(y[0]).toBe(-y[1]);
  });

  it("there is no activation", () => {
    const layer = new BatchNorm(kernels, 1, { eps: 0 });
    expect(Array.from(layer.forward(zeroTwo()).data)).toEqual([-1, 1]);
  });
});

describe("options", () => {
  it("explicit undefined is the default", () => {
    const options = { eps: undefined, momentum: undefined, gamma: undefined, beta: undefined } as object;
    const layer = new BatchNorm(kernels, 1, {
      ...options,
      runningVariance: undefined,
      activation: undefined,
    } as object);
    expect(layer.gamma).not.toBeNull();
    expect(layer.beta).not.toBeNull();
    layer.forward(zeroTwo());
    expectDouble(layer.runningMean?.[0], 0.1);
    expectDouble(layer.runningVar?.[0], 0.9 + 0.1 * 2);
  });

  it("momentum 0 keeps the running statistics, and counts", () => {
    const layer = new BatchNorm(kernels, 1, { momentum: 0 });
    layer.forward(zeroTwo());
    expect(layer.runningMean).toEqual(new Float64Array([0]));
    expect(layer.runningVar).toEqual(new Float64Array([1]));
    expect(layer.numBatchesTracked).toBe(1);
  });

  it("momentum 1 replaces them", () => {
    const layer = new BatchNorm(kernels, 1, { momentum: 1 });
    layer.runningMean?.fill(1e300);
    layer.runningVar?.fill(1e300);
    layer.forward(zeroTwo());
    expect(layer.runningMean).toEqual(new Float64Array([1]));
    expect(layer.runningVar).toEqual(new Float64Array([2]));
  });

  it("runningVariance population keeps what normalizes the batch", () => {
    const layer = new BatchNorm(kernels, 1, { momentum: 1, runningVariance: "population" });
    layer.forward(zeroTwo());
    expect(layer.runningVar).toEqual(new Float64Array([1]));
  });

  it("runningVariance does not change y", () => {
    const x = kernels.tensor([5, 3], "NC", normal(15, 1));
    const unbiased = new BatchNorm(kernels, 3, { runningVariance: "unbiased" }).forward(x);
    const population = new BatchNorm(kernels, 3, { runningVariance: "population" }).forward(x);
    expect(population.data).toEqual(unbiased.data);
  });

  it("gamma false and beta false leave out the parameter and its gradient", () => {
    const x = kernels.tensor([5, 3], "NC", normal(15, 2));
    const dy = kernels.tensor([5, 3], "NC", normal(15, 3));
    const full = new BatchNorm(kernels, 3);
    const y = full.forward(x);
    const gradients = full.backward(dy);
    for (const [gamma, beta] of [
      [false, true],
      [true, false],
      [false, false],
    ]) {
      const layer = new BatchNorm(kernels, 3, { gamma, beta });
      expect(layer.gamma === null).toBe(!gamma);
      expect(layer.beta === null).toBe(!beta);
      expect(layer.forward(x).data).toEqual(y.data);
      const { dx, dgamma, dbeta } = layer.backward(dy);
      expect(dx.data).toEqual(gradients.dx.data);
      expect(dgamma?.data).toEqual(gamma ? gradients.dgamma?.data : undefined);
      expect(dbeta?.data).toEqual(beta ? gradients.dbeta?.data : undefined);
      expect(dgamma === null).toBe(!gamma);
      expect(dbeta === null).toBe(!beta);
    }
  });

  it("parameters are written through their data", () => {
    const layer = new BatchNorm(kernels, 1, { eps: 0 });
    layer.gamma?.data.set([4]);
    layer.beta?.data.set([-3]);
    expect(Array.from(layer.forward(zeroTwo()).data)).toEqual([-7, 1]);
  });

  it("activation relu cuts y at 0 and the gradient where y is cut", () => {
    const layer = new BatchNorm(kernels, 1, { eps: 0, activation: "relu" });
    expect(Array.from(layer.forward(zeroTwo()).data)).toEqual([0, 1]);
    const { dgamma, dbeta } = layer.backward(kernels.tensor([2, 1], "NC", [8, 16]));
    expect(Array.from(dgamma?.data ?? [])).toEqual([16]);
    expect(Array.from(dbeta?.data ?? [])).toEqual([16]);
  });

  it("trackRunningStats false keeps none and uses the batch in eval, backward included", () => {
    const x = kernels.tensor([5, 3], "NC", normal(15, 4));
    const dy = kernels.tensor([5, 3], "NC", normal(15, 5));
    const layer = new BatchNorm(kernels, 3, { trackRunningStats: false });
    expect(layer.runningMean).toBeNull();
    expect(layer.runningVar).toBeNull();
    const y = layer.forward(x).data.slice();
    const dx = layer.backward(dy).dx.data.slice();
    layer.eval();
    expect(layer.forward(x).data).toEqual(y);
    expect(layer.backward(dy).dx.data).toEqual(dx);
    expect(layer.numBatchesTracked).toBe(0);
  });
});

describe("cumulative average (momentum null)", () => {
  // Integers, four values a batch: means and variances are exact, so only the 40 averaging steps round.
  const batches = Array.from({ length: 40 }, (_, i) => normal(4, 100 + i, 0, 50).map(Math.round));
  const sampleVariance = (x: Float32Array) => {
    const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
    return x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (x.length - 1);
  };
  const average = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

  it("is the average of all batches after 40 of them", () => {
    const layer = new BatchNorm(kernels, 1, { momentum: null });
    for (const x of batches) layer.forward(kernels.tensor([4, 1], "NC", x));
    const means = batches.map((x) => average(Array.from(x)));
    const variances = batches.map(sampleVariance);
    // Each step rounds three times, at most on the largest value so far.
    const limit = (values: number[]) => 40 * 3 * 2 ** -53 * Math.max(...values.map(Math.abs));
    expect(Math.abs((layer.runningMean?.[0] ?? Number.NaN) - average(means))).toBeLessThanOrEqual(limit(means));
    expect(Math.abs((layer.runningVar?.[0] ?? Number.NaN) - average(variances))).toBeLessThanOrEqual(limit(variances));
    expect(layer.numBatchesTracked).toBe(40);
  });

  it("goes on from a count that was set", () => {
    const layer = new BatchNorm(kernels, 1, { momentum: null });
    layer.numBatchesTracked = 3;
    layer.runningMean?.fill(9);
    layer.runningVar?.fill(6);
    layer.forward(zeroTwo());
    expectDouble(layer.runningMean?.[0], (3 * 9 + 1) / 4);
    expectDouble(layer.runningVar?.[0], (3 * 6 + 2) / 4);
    expect(layer.numBatchesTracked).toBe(4);
  });
});

describe("settings of a layer that exists", () => {
  it("eps counts from the next forward on, not for a backward before it", () => {
    const layer = new BatchNorm(kernels, 1, { eps: 0 });
    const [x, dy] = [
      [-1, -1, 1, 1],
      [1, 0, 0, 0],
    ].map((values) => kernels.tensor([4, 1], "NC", values));
    layer.forward(x);
    layer.eps = 3;
    expect(layer.eps).toBe(3);
    // invstd is 1, dbeta 1, dgamma -1: dx = dy - 1/4 + xhat / 4.
    expect(Array.from(layer.backward(dy).dx.data)).toEqual([0.5, -0.5, 0, 0]);
    expect(Array.from(layer.forward(x).data)).toEqual([-0.5, -0.5, 0.5, 0.5]);
  });

  it("eps counts in inference", () => {
    const layer = new BatchNorm(kernels, 1, { eps: 0 }).eval();
    layer.eps = 3;
    expect(Array.from(layer.forward(zeroTwo()).data)).toEqual([0, 1]);
  });

  it("momentum counts from the next batch on, null as the cumulative average", () => {
    const layer = new BatchNorm(kernels, 1, { momentum: 0.5 });
    expect(layer.momentum).toBe(0.5);
    layer.forward(zeroTwo());
    expect([layer.runningMean?.[0], layer.runningVar?.[0]]).toEqual([0.5, 1.5]);
    layer.momentum = 0;
    layer.forward(zeroTwo());
    expect(layer.runningMean?.[0]).toBe(0.5);
    layer.momentum = 1;
    layer.forward(zeroTwo());
    expect([layer.runningMean?.[0], layer.runningVar?.[0]]).toEqual([1, 2]);
    layer.momentum = null;
    expect(layer.momentum).toBeNull();
    layer.numBatchesTracked = 0;
    layer.runningMean?.fill(99);
    layer.forward(kernels.tensor([2, 1], "NC", [2, 4]));
    layer.forward(zeroTwo());
    expect(layer.runningMean?.[0]).toBe(2); // of 3 and 1
  });

  it("have the defaults of the constructor", () => {
    expect(new BatchNorm(kernels, 1)).toMatchObject({ eps: 1e-5, momentum: 0.1 });
  });
});

describe("modes", () => {
  it("train() and eval() return the layer and set training", () => {
    const layer = new BatchNorm(kernels, 2);
    expect(layer.eval()).toBe(layer);
    expect(layer.training).toBe(false);
    expect(layer.train()).toBe(layer);
    expect(layer.training).toBe(true);
    expect(layer.eval().train().eval().training).toBe(false);
  });

  it("eval uses the running statistics and changes no state", () => {
    const layer = new BatchNorm(kernels, 1, { eps: 0 });
    layer.runningMean?.fill(-2);
    layer.runningVar?.fill(16);
    const before = layer.stateDict();
    expect(Array.from(layer.eval().forward(zeroTwo()).data)).toEqual([0.5, 1]);
    expect(layer.stateDict()).toEqual(before);
  });

  it("eval takes one value per channel", () => {
    const layer = new BatchNorm(kernels, 2, { eps: 0 }).eval();
    expect(Array.from(layer.forward(kernels.tensor([1, 2], "NC", [3, -4])).data)).toEqual([3, -4]);
  });

  it("an empty batch gives empty y and dx, zero gradients, and is not counted", () => {
    for (const training of [true, false]) {
      const layer = new BatchNorm(kernels, 3);
      layer.forward(kernels.tensor([2, 3, 4], "NCL", normal(24, 6)));
      layer.backward(kernels.tensor([2, 3, 4], "NCL", normal(24, 7)));
      if (!training) layer.eval();
      const before = layer.stateDict();
      const empty = kernels.tensor([0, 3, 4], "NCL");
      const y = layer.forward(empty);
      expect(y.shape).toEqual([0, 3, 4]);
      expect(y.data).toHaveLength(0);
      const { dx, dgamma, dbeta } = layer.backward(kernels.tensor([0, 3, 4], "NCL"));
      expect(dx.shape).toEqual([0, 3, 4]);
      expect(Array.from(dgamma?.data ?? [])).toEqual([0, 0, 0]);
      expect(Array.from(dbeta?.data ?? [])).toEqual([0, 0, 0]);
      expect(layer.stateDict()).toEqual(before);
    }
  });
});
