import { describe, expect, it, vi } from "vitest";
import { batchNormInference, install, uninstall } from "../../src/tfjs/index.js";
import { BatchNormalization } from "../../src/tfjs/layers.js";
import { errorOf, expectClose, expectWithin } from "../helpers/compare.js";
import { goal } from "../helpers/metric.js";
import { type Expectation, expectation } from "../helpers/problem.js";
import {
  backends,
  eachOn,
  gradientsFor,
  read,
  rounded,
  type TfjsProblem,
  tensorsOf,
  tf,
  tfjsProblem,
  tfl,
} from "./backends.js";

/** Where TensorFlow.js 4.22 is wrong: its own answer or exception, and ours to the same calls once installed. */

const installed = () => install(tf, { layers: tfl.layers });

function layerOf(p: TfjsProblem, options: Parameters<typeof tfl.layers.batchNormalization>[0] = {}) {
  const layer = tfl.layers.batchNormalization({ axis: p.axis, ...options });
  layer.build([...p.own]);
  const { gamma, beta } = tensorsOf(p);
  const channels = p.own[p.axis];
  const { mean, variance } = p.frozen ?? {
    mean: new Float32Array(channels),
    variance: new Float32Array(channels).fill(1),
  };
  const moving = [mean, variance].map((values) => tf.tensor1d(Float32Array.from(values)));
  layer.setWeights([gamma, beta, ...moving].filter((weight) => weight !== null));
  return layer;
}

/** Some value is off by more than a tenth of its channel's size: wrong numbers, not rounding. */
function expectWrong(got: tf.Tensor, { ref, scale, channelOf }: Expectation["y"]): void {
  const values = read(got);
  const errors = Array.from(values, (_, i) => errorOf(values, { ref, scale, channelOf }, i));
  expect(Math.max(...errors)).toBeGreaterThan(0.1);
}

function inference(problem: TfjsProblem): { p: TfjsProblem; want: Expectation } {
  const p = rounded(problem);
  return { p, want: expectation(p) };
}

describe.each(backends)("TensorFlow.js on %s, then ours", (backend) => {
  eachOn(backend);

  const apply = (layer: tfl.layers.Layer, training: boolean) => (x: tf.Tensor) =>
    layer.apply(x, { training }) as tf.Tensor;

  it.each([[[4, 3, 5]], [[4, 3, 5, 2]]])("axis 1 in training, shape %j: wrong numbers (tfjs#1106)", async (shape) => {
    const p = tfjsProblem(shape, 1);
    const { x } = tensorsOf(p);
    const want = expectation(p);
    expectWrong(apply(layerOf(p), true)(x), want.y);
    await installed();
    expectClose(p.line, "y", read(apply(layerOf(p), true)(x)), want.y);
  });

  it.each([[[4, 3, 5]], [[4, 3, 5, 2]]])("axis 1 in inference, shape %j: wrong numbers (tfjs#1106)", async (shape) => {
    const { p, want } = inference(tfjsProblem(shape, 1, { mode: "eval" }));
    const { x } = tensorsOf(p);
    expectWrong(apply(layerOf(p), false)(x), want.y);
    await installed();
    expectClose(p.line, "y", read(apply(layerOf(p), false)(x)), want.y);
  });

  it.each([true, false])("gradients of gamma and beta with axis 1, training %s: throw", async (training) => {
    const problem = tfjsProblem([4, 3, 5, 2], 1, { mode: training ? "train" : "eval" });
    const { p, want } = training ? { p: problem, want: expectation(problem) } : inference(problem);
    const { x, dy } = tensorsOf(p);
    const gradients = () => {
      const layer = layerOf(p);
      const { grads } = tf.variableGrads(() => tf.sum(tf.mul(apply(layer, training)(x), dy)));
      return layer.trainableWeights.map(({ name }) => grads[name]);
    };
    expect(gradients).toThrow("must match the product of shape");
    await installed();
    const [dgamma, dbeta] = gradients();
    expectClose(p.line, "dgamma", read(dgamma), want.dgamma);
    expectClose(p.line, "dbeta", read(dbeta), want.dbeta);
    expectClose(p.line, "dx", read(tf.grad(apply(layerOf(p), training))(x, dy)), want.dx);
  });

  it("model.fit with axis 1: throws", async () => {
    const [x, y] = [tf.randomNormal([8, 3, 4], 2), tf.randomNormal([8, 1])];
    const train = () => {
      const batchNormalization = tfl.layers.batchNormalization({ axis: 1, inputShape: [3, 4] });
      const layers = [batchNormalization, tfl.layers.flatten(), tfl.layers.dense({ units: 1 })];
      const model = tfl.sequential({ layers });
      model.compile({ optimizer: tf.train.sgd(0.02), loss: "meanSquaredError" });
      return model.fit(x, y, { epochs: 20, batchSize: 8, verbose: 0 });
    };
    await expect(train()).rejects.toThrow("must match the product of shape");
    await installed();
    const { history } = await train();
    expect(history.loss[19]).toBeLessThan(history.loss[0] as number);
  });

  it.each(["scale", "center"] as const)("%s: false in training: throws (tfjs#2868)", async (without) => {
    const p = tfjsProblem([6, 4], 1, { gamma: without !== "scale", beta: without !== "center" });
    const { x, dy } = tensorsOf(p);
    const make = () => layerOf(p, { [without]: false });
    expect(() => apply(make(), true)(x)).toThrow("Cannot read properties of undefined (reading 'read')");
    await installed();
    const want = expectation(p);
    expectClose(p.line, "y", read(apply(make(), true)(x)), want.y);
    expectClose(p.line, "dx", read(tf.grad(apply(make(), true))(x, dy)), want.dx);
  });

  it.each([true, false])("rank 5, training %s: throws", async (training) => {
    const problem = tfjsProblem([2, 3, 2, 3, 4], 4, { mode: training ? "train" : "eval" });
    const { p, want } = training ? { p: problem, want: expectation(problem) } : inference(problem);
    const { x, dy } = tensorsOf(p);
    expect(() => apply(layerOf(p), training)(x)).toThrow("not implemented for array of rank 5");
    await installed();
    expectClose(p.line, "y", read(apply(layerOf(p), training)(x)), want.y);
    expectClose(p.line, "dx", read(tf.grad(apply(layerOf(p), training))(x, dy)), want.dx);
  });

  it("one value per channel in training: zeros without a word; ours say what to do, or refuse", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const layer = tfl.layers.batchNormalization();
    const x = tf.tensor2d([[3, -5]]);
    expect([...read(apply(layer, true)(x))]).toEqual([0, 0]);
    await installed();
    const passes = () => {
      expect([...read(apply(layer, true)(x))]).toEqual([0, 0]);
      apply(layer, true)(tf.ones([2, 2]));
      apply(tfl.layers.batchNormalization(), true)(tf.ones([4, 2]));
      return warn.mock.calls.splice(0).map(([text]) => text);
    };
    expect(passes()).toEqual([
      `batchnorm-wasm: layer "${layer.name}" was trained with one value per channel (shape [1, 2], axis 1). Then y is beta ` +
        "whatever x is, and the moving variance shrinks. Choose a batch size that leaves no single sample over, or find the " +
        'place with install(tf, { singleValue: "refuse" }).',
    ]);
    expect(passes()).toEqual([]); // once for each layer
    const moved = layer.getWeights().map((weight) => [...read(weight)]);
    await install(tf, { layers: tfl.layers, singleValue: "refuse" });
    expect(() => apply(layer, true)(x)).toThrow(
      new RangeError(
        '"x" expected at least 2 values per channel in training, got 1 (shape [1, 2], axis 1): take larger batches, ' +
          'or keep the y = beta of TensorFlow.js by the option singleValue: "pass" of install or batchNormTraining',
      ),
    );
    expect(layer.getWeights().map((weight) => [...read(weight)])).toEqual(moved);
    await installed(); // takes nothing back
    expect(() => apply(layer, true)(x)).toThrow(RangeError);
    expect(() => apply(new BatchNormalization(), true)(x)).toThrow(RangeError);
    uninstall();
    expect(() => apply(new BatchNormalization(), true)(x)).toThrow(RangeError);
    await installed();
    expect(passes()).toEqual([]);
    warn.mockRestore();
  });

  it("tf.batchNorm without scale or offset has no gradient", async () => {
    const { p, want } = inference(tfjsProblem([4, 3], 1, { mode: "eval", gamma: false, beta: false }));
    const { x, dy, mean, variance } = tensorsOf(p);
    const dx = () => tf.grad((x) => tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D))(x, dy);
    expect(dx).toThrow("Cannot read properties of undefined");
    await installed();
    expectClose(p.line, "dx", read(dx()), want.dx);
  });

  it("mean and offset of other ranks: throws (tfjs#2120); the function of this package takes them", () => {
    const { p, want } = inference(tfjsProblem([4, 3], 1, { mode: "eval" }));
    const { x, dy, mean, variance, gamma, beta } = tensorsOf(p);
    const row = (tensor: tf.Tensor | null) => tf.reshape(tensor as tf.Tensor, [1, 3]);
    const theirs = () => tf.batchNorm(x, row(mean), row(variance), beta as tf.Tensor1D, gamma as tf.Tensor1D);
    expect(theirs).toThrow("requires mean and offset to have equal ranks");
    const inputs = [x, row(mean), row(variance), gamma, beta];
    const ours = (...[x, mean, variance, gamma, beta]: (tf.Tensor | null)[]) =>
      batchNormInference(x as tf.Tensor, mean as tf.Tensor, variance as tf.Tensor, gamma, beta);
    expectClose(p.line, "y", read(ours(...inputs)), want.y);
    const [dx, dmean, , , dbeta] = gradientsFor(inputs, dy, ours);
    expectClose(p.line, "dx", read(dx as tf.Tensor), want.dx);
    expectClose(p.line, "dbeta", read(dbeta as tf.Tensor), want.dbeta);
    expect(dmean?.shape).toEqual([1, 3]);
  });

  it("int32 in tf.batchNorm: integers, or the bits of floats, for an answer", async () => {
    const [x, mean, variance] = [tf.tensor2d([1, 4], [2, 1], "int32"), tf.tensor1d([2]), tf.tensor1d([4])];
    const ref = [-1, 2].map((value) => value / Math.sqrt(4 + 1e-3));
    const answer = () => tf.batchNorm(x, mean, variance);
    const wrong = answer().dataSync();
    expect(Math.max(...ref.map((value, i) => Math.abs(value - wrong[i])))).toBeGreaterThanOrEqual(ref[1] % 1);
    await installed();
    expectWithin("int32", "y", read(answer()), ref, (i) => goal * Math.abs(ref[i]));
  });

  it("apply in training leaves no tensor behind (tfjs#7983, which in 4.22 is not this layer's): ours neither", async () => {
    const x = tf.randomNormal([4, 3]);
    const leaked = (layer = tfl.layers.batchNormalization()) => {
      apply(layer, true)(x).dispose();
      const before = tf.memory().numTensors;
      for (let call = 0; call < 10; call++) tf.tidy(() => apply(layer, true)(x)).dispose();
      return tf.memory().numTensors - before;
    };
    expect(leaked()).toBe(0);
    await installed();
    expect(leaked()).toBe(0);
  });
});
