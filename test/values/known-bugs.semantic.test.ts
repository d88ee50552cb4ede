/** Bugs of other libraries about running statistics and momentum, of known-bugs.md. */
import { describe, expect, it } from "vitest";
import { BatchNorm, type Tensor } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { type DataLayout, normal, spatialLayouts, tensorIn } from "../helpers/support.js";

/** Per channel 0 and 4: mean 2, population variance 4, sample variance 8, all exact. */
const pair = () => kernels.tensor([2, 2], "NC", [0, 0, 4, 4]);

const noise = (seed: number, rows = 12) => kernels.tensor([rows, 3], "NC", normal(rows * 3, seed, 2, 3));

function gradients(layer: BatchNorm, dy: Tensor) {
  const { dx, dgamma, dbeta } = layer.backward(dy);
  return { dx: dx.data.slice(), dgamma: dgamma?.data.slice(), dbeta: dbeta?.data.slice() };
}

describe("the running variance", () => {
  it("S1 pytorch#77427: population normalizes the batch, sample is kept by default", () => {
    const layer = new BatchNorm(kernels, 2, { momentum: 1, eps: 0 });
    expect(Array.from(layer.forward(pair()).data)).toEqual([-1, -1, 1, 1]);
    expect(Array.from(layer.runningVar ?? [])).toEqual([8, 8]);
  });

  it("S2 pytorch#1410: an option keeps the estimator that normalizes, so that eval repeats training", () => {
    const layer = new BatchNorm(kernels, 2, { momentum: 1, eps: 0, runningVariance: "population" });
    const y = layer.forward(pair()).data.slice();
    expect(layer.eval().forward(pair()).data).toEqual(y);
  });

  it.each(["unbiased", "population"] as const)(
    "S3 tensorflow#55545: is one rule for every rank and layout (%s)",
    (runningVariance) => {
      const values = Float32Array.from({ length: 2 * 3 * 30 }, (_, i) => (i % 2) * 4);
      const expected = runningVariance === "unbiased" ? (4 * 60) / 59 : 4;
      for (const layout of spatialLayouts) {
        const layer = new BatchNorm(kernels, 3, { momentum: 1, runningVariance });
        layer.forward(tensorIn(kernels, layout, values, [2, 3]));
        // One product or quotient in float64 away.
        for (const got of layer.runningVar ?? [])
          expect(Math.abs(got - expected)).toBeLessThanOrEqual(2 * 2 ** -53 * expected);
      }
      const flat = new BatchNorm(kernels, 2, { momentum: 1, runningVariance });
      flat.forward(pair());
      expect(Array.from(flat.runningVar ?? [])).toEqual(runningVariance === "unbiased" ? [8, 8] : [4, 4]);
    },
  );

  it("S4 mxnet#14357: planes and rows keep the same", () => {
    const values = Float32Array.from({ length: 2 * 5 * 30 }, (_, i) => Math.round(normal(1, i, 0, 40)[0]));
    const states = (["NCHW", "NHWC"] as DataLayout[]).map((layout) => {
      const layer = new BatchNorm(kernels, 5);
      layer.forward(tensorIn(kernels, layout, values, [2, 5]));
      return layer.stateDict();
    });
    const [first, last] = states.map(({ running_var }) => Array.from(running_var ?? []));
    expect(first).toHaveLength(5);
    for (const [c, variance] of first.entries()) {
      expect(Math.abs(last[c] - variance)).toBeLessThanOrEqual(1e-6 * variance);
    }
  });

  it("S5 keras#8982: of a small batch is not too small by default, and population on request", () => {
    const kept = (runningVariance: "unbiased" | "population") => {
      const layer = new BatchNorm(kernels, 1, { momentum: null, runningVariance });
      // All pairs of the values -1 and 1: the expectation of the sample variance is 1, of the population variance 1/2.
      for (const values of [
        [-1, -1],
        [-1, 1],
        [1, -1],
        [1, 1],
      ])
        layer.forward(kernels.tensor([2, 1], "NC", values));
      return layer.runningVar?.[0] ?? Number.NaN;
    };
    // Four averaging steps of three roundings.
    expect(Math.abs(kept("unbiased") - 1)).toBeLessThanOrEqual(12 * 2 ** -53);
    expect(Math.abs(kept("population") - 0.5)).toBeLessThanOrEqual(12 * 2 ** -53);
  });

  it("S6 mlx#3817: is the sample variance in every layout, batch of two samples", () => {
    for (const shape of [
      [2, 1],
      [1, 2, 1],
      [1, 1, 2, 1],
      [1, 1, 1, 2, 1],
    ]) {
      const layout = (["NC", "NLC", "NHWC", "NDHWC"] as const)[shape.length - 2];
      const layer = new BatchNorm(kernels, 1, { momentum: 1 });
      layer.forward(kernels.tensor(shape, layout, [0, 4]));
      expect(layer.runningVar?.[0]).toBe(8);
    }
  });

  it("S7 burn batch.rs: is told apart from the population variance at 1e-6 with four values", () => {
    const values = [0.9601, 0.7277, 0.6272, 0.9034].map(Math.fround);
    const mean = values.reduce((sum, v) => sum + v, 0) / 4;
    const sample = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 3;
    const layer = new BatchNorm(kernels, 1);
    layer.forward(kernels.tensor([1, 1, 4], "NCL", values));
    const expected = 0.9 + 0.1 * sample;
    expect(Math.abs((layer.runningVar?.[0] ?? Number.NaN) - expected)).toBeLessThanOrEqual(1e-6 * 0.1 * sample);
  });

  it("S13 pytorch#1381: is not made NaN by one value per channel", () => {
    const layer = new BatchNorm(kernels, 3);
    expect(() => layer.forward(kernels.tensor([1, 3], "NC", [1, 2, 3]))).toThrow(RangeError);
    expect(layer.runningVar).toEqual(new Float64Array([1, 1, 1]));
  });

  it("S14 pytorch#4534: one value per channel raises with the shape, before any state changes", () => {
    const layer = new BatchNorm(kernels, 3);
    layer.forward(noise(1));
    const before = layer.stateDict();
    expect(() => layer.forward(kernels.tensor([1, 3, 1, 1], "NCHW"))).toThrow(
      '"x" expected at least 2 values per channel in training, got 1 (shape [1, 3, 1, 1], NCHW)',
    );
    expect(layer.stateDict()).toEqual(before);
  });

  it("S15 tensorflow#34062: one value per channel raises on every path", () => {
    const layer = new BatchNorm(kernels, 3);
    const shapes = [
      [1, 3],
      [1, 3, 1],
      [1, 1, 3],
      [1, 3, 1, 1],
      [1, 1, 1, 3],
      [1, 3, 1, 1, 1],
      [1, 1, 1, 1, 3],
    ];
    (["NC", "NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC"] as const).forEach((layout, i) => {
      expect(() => layer.forward(kernels.tensor(shapes[i], layout))).toThrow("at least 2 values per channel");
    });
  });
});

describe("momentum", () => {
  it("S8 pytorch/examples#289: is the weight of the new batch", () => {
    const layer = new BatchNorm(kernels, 2, { momentum: 0.25 });
    layer.forward(pair());
    expect(Array.from(layer.runningMean ?? [])).toEqual([0.5, 0.5]);
  });

  it("S9 pytorch#15298: 0 keeps the running statistics, 1 replaces them", () => {
    const [keep, replace] = [0, 1].map((momentum) => new BatchNorm(kernels, 2, { momentum }));
    for (const layer of [keep, replace]) layer.forward(pair());
    expect([keep.runningMean?.[0], keep.runningVar?.[0]]).toEqual([0, 1]);
    expect([replace.runningMean?.[0], replace.runningVar?.[0]]).toEqual([2, 8]);
  });

  it("S10 keras#23623: outside [0, 1] is refused", () => {
    for (const momentum of [-1e-9, 1 + 1e-9, 2, -1]) {
      expect(() => new BatchNorm(kernels, 1, { momentum })).toThrow('"momentum" expected null or a number in [0, 1]');
    }
  });

  it("S11 pytorch#31498: null is the cumulative average of 40 batches", () => {
    const layer = new BatchNorm(kernels, 1, { momentum: null });
    for (let i = 1; i <= 40; i++) {
      layer.forward(kernels.tensor([2, 1], "NC", [i - 1, i + 1]));
      // Means 1 to i: their average is (i + 1) / 2. Three roundings per step.
      expect(Math.abs((layer.runningMean?.[0] ?? Number.NaN) - (i + 1) / 2)).toBeLessThanOrEqual(3 * i * 2 ** -53 * i);
      expect(layer.numBatchesTracked).toBe(i);
    }
  });

  it("S12 pytorch#18764: survives a change to eval and back", () => {
    const layer = new BatchNorm(kernels, 2, { momentum: 0.25 });
    layer.eval().forward(pair());
    layer.train().forward(pair());
    expect(Array.from(layer.runningMean ?? [])).toEqual([0.5, 0.5]);
  });

  it("S24 onnxruntime#29790: changes no bit of y or the gradients in training", () => {
    const [x, dy] = [noise(1), noise(2)];
    const results = [0, 0.1, 1, null].map((momentum) => {
      const layer = new BatchNorm(kernels, 3, { momentum });
      return [layer.forward(x).data.slice(), gradients(layer, dy)];
    });
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it("S27 onnx#8442: nor do the running statistics", () => {
    const [x, dy] = [noise(1), noise(2)];
    const results = [1, 100].map((size) => {
      const layer = new BatchNorm(kernels, 3);
      layer.runningMean?.fill(size);
      layer.runningVar?.fill(size);
      return [layer.forward(x).data.slice(), gradients(layer, dy)];
    });
    expect(results[1]).toEqual(results[0]);
  });
});
