/** Interface bugs of other libraries, I1 to I18 of known-bugs.md. */
import { describe, expect, it } from "vitest";
import { BatchNorm, type BatchNormOptions, normalize } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { channelsFirstOf, expectLayer, normal, spatial, spatialLayouts, tensorIn } from "../helpers/support.js";

function layerOf(channels: number, options?: BatchNormOptions): BatchNorm {
  const layer = new BatchNorm(kernels, channels, options);
  layer.gamma?.data.set(normal(channels, 1, 1, 0.5));
  layer.beta?.data.set(normal(channels, 2));
  layer.runningMean?.set(normal(channels, 3));
  layer.runningVar?.set(normal(channels, 4).map((v) => v * v + 0.1));
  return layer;
}

describe("layouts", () => {
  it("I1 tfjs#1106: channels first is not taken for channels last", () => {
    // Where all extents are equal, only the name tells the channels.
    const values = normal(6 ** 4, 5);
    for (const layout of ["NCHW", "NHWC"] as const)
      expectLayer(layerOf(6), kernels.tensor([6, 6, 6, 6], layout, values), undefined);
    const layer = layerOf(6);
    expect(() => layer.forward(kernels.tensor([6, 5, 6, 6], "NCHW"))).toThrow("expected 6 channels, got 5");
    expect(() => layer.forward(kernels.tensor([6, 6, 6, 5], "NHWC"))).toThrow("expected 6 channels, got 5");
  });

  const [batch, channels] = [4, 7];
  const values = normal(batch * channels * spatial, 6, 3);
  const dyValues = normal(batch * channels * spatial, 7);

  it.each(spatialLayouts)("I2 pytorch#175189: forward and backward are right in every layout (%s)", (layout) => {
    const make = (data: Float32Array) => tensorIn(kernels, layout, data, [batch, channels]);
    for (const mode of ["train", "eval"] as const) expectLayer(layerOf(channels)[mode](), make(values), make(dyValues));
  });

  it("I5 chainer#8497: channels last reduces over samples and positions", () => {
    // Channel c is the constant c: reduced over any other axes, y would not be beta.
    const x = kernels.tensor(
      [2, 2, 2, 3],
      "NHWC",
      Float32Array.from({ length: 24 }, (_, i) => i % 3),
    );
    const layer = new BatchNorm(kernels, 3, { momentum: 1 });
    expect(layer.forward(x).data).toEqual(new Float32Array(24));
    expect(layer.runningMean).toEqual(new Float64Array([0, 1, 2]));
  });

  it("I14 keras#10648: channels first and channels last agree, backward too", () => {
    const results = (["NCHW", "NHWC"] as const).map((layout) => {
      const layer = layerOf(channels);
      const y = channelsFirstOf(layer.forward(tensorIn(kernels, layout, values, [batch, channels])));
      const dx = channelsFirstOf(layer.backward(tensorIn(kernels, layout, dyValues, [batch, channels])).dx);
      return [...y, ...dx];
    });
    // Both are within 1e-6 of the exact answer, relative to values below 8.
    const difference = Math.max(...results[0].map((value, i) => Math.abs(value - results[1][i])));
    expect(difference).toBeLessThanOrEqual(2 * 1e-6 * 8);
    expect(Math.max(...results[0].map(Math.abs))).toBeLessThan(8);
  });

  it.each([1, 3, 5, 7, 17, 33, 65])("I4 apex#1768: %d channels last, with a large image", (odd) => {
    const make = (seed: number) => kernels.tensor([1, 61, 67, odd], "NHWC", normal(61 * 67 * odd, seed, 2));
    expectLayer(layerOf(odd), make(8), make(9));
  });
});

describe("ranks", () => {
  const shapes = [
    ["NC", [6, 5]],
    ["NCL", [3, 5, 2]],
    ["NLC", [3, 2, 5]],
    ["NCHW", [3, 5, 2, 3]],
    ["NHWC", [3, 2, 3, 5]],
    ["NCDHW", [2, 5, 2, 3, 2]],
    ["NDHWC", [2, 2, 3, 2, 5]],
  ] as const;

  it.each(shapes)("I6 onnxruntime#10437: %s works, training and inference", (layout, shape) => {
    const make = (seed: number) =>
      kernels.tensor(
        shape,
        layout,
        normal(
          shape.reduce<number>((a, b) => a * b, 1),
          seed,
        ),
      );
    expectLayer(layerOf(5), make(1), make(2));
    expectLayer(layerOf(5).eval(), make(3), make(4));
  });

  it("I7 onnxruntime#26659: (N, C) gives what one position of every other layout gives", () => {
    const values = normal(6 * 5, 1);
    const y = layerOf(5)
      .eval()
      .forward(kernels.tensor([6, 5], "NC", values));
    for (const [layout, shape] of shapes.slice(1)) {
      const ones = shape.map((_, axis) => ({ N: 6, C: 5 })[layout[axis]] ?? 1);
      expectLayer(layerOf(5), kernels.tensor(ones, layout, values), undefined);
      expect(
        layerOf(5)
          .eval()
          .forward(kernels.tensor(ones, layout, values)).data,
      ).toEqual(y.data);
    }
  });

  it("I8 onnxruntime#26521: rank 1 is refused with a message", () => {
    expect(() => kernels.tensor([5], "NC", normal(5, 1))).toThrow('"shape"');
    expect(() => layerOf(5).forward(kernels.tensor([5], "C", normal(5, 1)))).toThrow('"x"');
  });

  it("I17 oneDNN#517: H = W = 1 is right, with the estimator stated", () => {
    const make = (seed: number) => kernels.tensor([9, 5, 1, 1], "NCHW", normal(45, seed));
    const layer = layerOf(5);
    expectLayer(layer, make(1), make(2));
    const pair = new BatchNorm(kernels, 1, { momentum: 1, runningVariance: "population" });
    pair.forward(kernels.tensor([2, 1, 1, 1], "NCHW", [0, 4]));
    expect(pair.runningVar?.[0]).toBe(4);
  });
});

describe("what is checked", () => {
  it("I10 pytorch#72821: the channels, also without parameters and statistics", () => {
    const bare = { gamma: false, beta: false, trackRunningStats: false };
    const layer = new BatchNorm(kernels, 3, bare);
    expect(() => layer.forward(kernels.tensor([2, 4, 2, 2], "NCHW"))).toThrow(
      '"x" expected 3 channels, got 4 (shape [2, 4, 2, 2], NCHW)',
    );
    expect(() => layer.forward(kernels.tensor([2, 0, 2, 2], "NCHW"))).toThrow("expected 3 channels, got 0");
    expect(() => new BatchNorm(kernels, 0, bare)).toThrow('"numFeatures" expected an integer >= 1, got 0');
  });

  it("I11 pytorch#120803: shape [0, 0] is no crash", () => {
    const layer = layerOf(3);
    const before = layer.stateDict();
    expect(() => layer.forward(kernels.tensor([0, 0], "NC"))).toThrow("expected 3 channels, got 0");
    expect(layer.stateDict()).toEqual(before);
    expect(layer.forward(kernels.tensor([0, 3], "NC")).data).toHaveLength(0);
  });

  it("I12 pytorch#1866: dy from a part of a larger array is read from its own start", () => {
    const dyValues = normal(30, 2);
    const around = new Float32Array(50).fill(Number.NaN);
    around.set(dyValues, 13);
    const layer = layerOf(3);
    layer.forward(kernels.tensor([10, 3], "NC", normal(30, 1)));
    const expected = layer.backward(kernels.tensor([10, 3], "NC", dyValues)).dx.data.slice();
    const { dx } = layer.backward(kernels.tensor([10, 3], "NC", around.subarray(13, 43)));
    expect(dx.data).toEqual(expected);
    expect(() => kernels.tensor([10, 3], "NC", around.subarray(13))).toThrow('"values" expected 30 values');
  });

  it("I13 pytorch#85960: results have the same shapes in training and eval, on every path", () => {
    for (const layout of spatialLayouts) {
      for (const mode of ["train", "eval"] as const) {
        const layer = layerOf(3)[mode]();
        const x = tensorIn(kernels, layout, normal(180, 1), [2, 3]);
        expect(layer.forward(x).shape).toEqual(x.shape);
        const { dx, dgamma, dbeta } = layer.backward(tensorIn(kernels, layout, normal(180, 2), [2, 3]));
        expect([dx.shape, dgamma?.shape, dbeta?.shape]).toEqual([x.shape, [3], [3]]);
        expect([dx.layout, dgamma?.layout, dbeta?.layout]).toEqual([layout, "C", "C"]);
      }
    }
  });

  it("I18 tensorflow-onnx#1075: a missing variance is an error, not 0", () => {
    const x = kernels.tensor([2, 1], "NC", [1, 2]);
    expect(() => normalize(x, { count: 2, mean: Float64Array.of(0) } as never)).toThrow("variance");
    const layer = new BatchNorm(kernels, 1);
    const { running_var: _, ...state } = layer.stateDict();
    expect(() => layer.loadStateDict(state)).toThrow('"running_var"');
  });

  it("I9 onnxruntime#16867: what is not supported is said at creation", () => {
    for (const options of [{ activation: "gelu" }, { runningVariance: "sample" }] as unknown as BatchNormOptions[]) {
      expect(() => new BatchNorm(kernels, 3, options)).toThrow(RangeError);
    }
  });
});

describe("training is there", () => {
  it("I15 tfjs#4326: backward and running statistics, in the WebAssembly memory itself", () => {
    const layer = layerOf(3);
    const x = kernels.tensor([10, 3], "NC", normal(30, 1));
    expectLayer(layer, x, kernels.tensor([10, 3], "NC", normal(30, 2)));
    expect(layer.numBatchesTracked).toBe(1);
    for (const view of [layer.runningMean, layer.runningVar, layer.gamma?.data])
      expect(view?.buffer).toBe(kernels.memory.buffer);
  });

  it("I16 candle#467: gradient descent on gamma and beta lowers a loss", () => {
    const layer = new BatchNorm(kernels, 3);
    const x = kernels.tensor([32, 3], "NC", normal(96, 1));
    const target = x.data.map((v, i) => Math.fround(2 * v + (i % 3)));
    const losses = Array.from({ length: 20 }, () => {
      const y = layer.forward(x);
      const residual = y.data.map((v, i) => (v - target[i]) / 32);
      const loss = residual.reduce((sum, r) => sum + 16 * r * r, 0);
      const { dgamma, dbeta } = layer.backward(kernels.tensor([32, 3], "NC", residual));
      layer.gamma?.data.forEach((value, c, data) => {
        data[c] = value - 0.5 * (dgamma?.data[c] ?? 0);
      });
      layer.beta?.data.forEach((value, c, data) => {
        data[c] = value - 0.5 * (dbeta?.data[c] ?? 0);
      });
      return loss;
    });
    for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThanOrEqual(losses[i - 1] * (1 + 1e-6));
    expect(losses[19]).toBeLessThan(losses[0] / 100);
  });

  it("I3 pytorch#62594: there is float32 only, and a float64 input is rounded on the way in", () => {
    const values = Float64Array.from(normal(60, 1), (v) => v + 1e-12);
    const rounded = kernels.tensor([20, 3], "NC", Float32Array.from(values));
    const given = kernels.tensor([20, 3], "NC", values);
    expect(given.data).toEqual(rounded.data);
    const y = layerOf(3).forward(rounded);
    expect(layerOf(3).forward(given).data).toEqual(y.data);
  });
});
