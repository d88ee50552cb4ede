import { describe, expect, it } from "vitest";
import { type EstimateDataset, estimateStatistics, install } from "../../src/tfjs/index.js";
import { expectWithin } from "../helpers/compare.js";
import { goal, u } from "../helpers/metric.js";
import { random } from "../helpers/random.js";
import * as reference from "../helpers/reference.js";
import { backends, eachOn, read, tf, tfl } from "./backends.js";

/** Moving statistics of a model over a whole data set, against the reference in float64. */

const BOUNDS = [0, 4, 5, 5, 17, 20];
const [ROWS, INPUTS, UNITS] = [20, 3, 4];
const noise = random(5);
const x = Float32Array.from({ length: ROWS * INPUTS }, (_, i) => 100 * (i % INPUTS) + noise.normal());
const kernel = Float32Array.from({ length: INPUTS * UNITS }, () => noise.normal());

/** Normalization, dense, and a model in the model with dropout and another normalization. */
function modelOf(): tfl.LayersModel {
  const inner = tfl.sequential({
    layers: [
      tfl.layers.dropout({ rate: 0.5, inputShape: [UNITS] }),
      tfl.layers.batchNormalization({ name: "second", trainable: false }),
    ],
  });
  const dense = tfl.layers.dense({ units: UNITS, useBias: false });
  const first = tfl.layers.batchNormalization({ name: "first", inputShape: [INPUTS], scale: false });
  const model = tfl.sequential({ layers: [first, dense, inner] });
  dense.setWeights([tf.tensor2d(kernel, [INPUTS, UNITS])]);
  return model;
}

const rowsOf = (begin: number, end: number) =>
  tf.tensor2d(x.subarray(begin * INPUTS, end * INPUTS), [end - begin, INPUTS]);
const batches = () => BOUNDS.slice(1).map((end, i) => rowsOf(BOUNDS[i], end));

/** As tf.data has them. */
function datasetOf(tensors: tf.Tensor[]): EstimateDataset {
  const values = tensors.map((xs) => ({ xs, ys: tf.zeros([1]) }))[Symbol.iterator]();
  return { iterator: async () => ({ next: async () => values.next() }) };
}

/** What each batch is behind the first layer and the dense one, in float64. */
function behind(): Float64Array {
  const options = { gamma: null, beta: null, eps: 1e-3, activation: "none" as const };
  return Float64Array.from(
    BOUNDS.slice(1).flatMap((end, i) => {
      const part = x.subarray(BOUNDS[i] * INPUTS, end * INPUTS);
      const shape = [end - BOUNDS[i], INPUTS];
      const y = reference.normalize(part, shape, "NC", reference.statistics(part, shape, "NC"), options);
      return Array.from({ length: shape[0] * UNITS }, (_, at) => {
        const [n, j] = [Math.floor(at / UNITS), at % UNITS];
        return [0, 1, 2].reduce((sum, k) => sum + y[n * INPUTS + k] * kernel[k * UNITS + j], 0);
      });
    }),
  );
}

const moving = (model: tfl.LayersModel, name: string) => {
  const [inner] = model.layers.slice(-1) as unknown as tfl.LayersModel[];
  const layer = [...model.layers, ...inner.layers].find((each) => each.name === name) as tfl.layers.Layer;
  return layer
    .getWeights()
    .slice(-2)
    .map((weight) => read(weight));
};

function expectEstimated(model: tfl.LayersModel): void {
  const first = reference.statistics(x, [ROWS, INPUTS], "NC");
  const [mean, variance] = moving(model, "first");
  // Results are float32: one rounding beside the goal.
  expectWithin("first", "mean", mean, first.mean, (c) => (goal + u) * (Math.abs(first.mean[c]) + 1));
  expectWithin("first", "variance", variance, first.variance, (c) => (goal + u) * first.variance[c]);
  const z = behind();
  const second = reference.statistics(z, [ROWS, UNITS], "NC");
  // |y| is below 5, and y within the goal of 5. A value of z adds three products, of four roundings each, at most.
  const weight = (j: number) => [0, 1, 2].reduce((sum, k) => sum + Math.abs(kernel[k * UNITS + j]), 0);
  const error = (j: number) => 5 * weight(j) * (goal + 4 * u);
  const largest = 5 * Math.max(...[0, 1, 2, 3].map(weight));
  const [mean2, variance2] = moving(model, "second");
  expectWithin("second", "mean", mean2, second.mean, (j) => error(j) + goal * largest);
  // (z + e - mean)² differs from (z - mean)² by 2·|z - mean|·e at most, up to e².
  expectWithin("second", "variance", variance2, second.variance, (j) => 4 * largest * (error(j) + goal * largest));
}

describe.each(backends)("estimateStatistics on %s", (backend) => {
  eachOn(backend);

  it.each([
    ["an array", batches],
    [
      "{ xs } of a generator",
      () =>
        batches()
          .map((xs) => ({ xs }))
          [Symbol.iterator](),
    ],
    ["a data set of tf.data", () => datasetOf(batches())],
  ])("over %s, without install and with", async (_, dataset) => {
    const model = modelOf();
    const before = model.layers[1].getWeights().map((each) => [...read(each)]);
    const seen: number[] = [];
    await estimateStatistics(model, dataset(), { onBatch: (count) => seen.push(count) });
    expectEstimated(model);
    expect(model.layers[1].getWeights().map((each) => [...read(each)])).toEqual(before);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    await install(tf, { layers: tfl.layers });
    const again = modelOf();
    await estimateStatistics(again, dataset());
    expectEstimated(again);
    // As in inference afterwards: the layers have their own computation back.
    expect(Object.keys(model.layers[0])).not.toContain("call");
  });

  it("adds over ranks", async () => {
    const lengths: number[] = [];
    const allReduce = (sums: Float64Array) => {
      lengths.push(sums.length);
      sums.forEach((value, i) => {
        sums[i] = 2 * value;
      });
    };
    await install(tf, { layers: tfl.layers, allReduce });
    const model = modelOf();
    await estimateStatistics(model, batches());
    expectEstimated(model);
    expect(lengths).toEqual([64, INPUTS + 1, INPUTS, 64, UNITS + 1, UNITS]);
  });

  it("leaves no tensor behind, and changes nothing where it fails", async () => {
    const model = modelOf();
    const state = () => JSON.stringify(["first", "second"].map((name) => moving(model, name)));
    const before = state();
    const kept = batches();
    const { numTensors } = tf.memory();
    await expect(estimateStatistics(model, [...kept, 3] as never)).rejects.toThrow(
      '"dataset" expected batches of tensors',
    );
    await expect(estimateStatistics(model, [])).rejects.toThrow(
      'at least 2 values per channel for layer "first", got 0',
    );
    await expect(estimateStatistics(model, [kept[1]])).rejects.toThrow("got 1");
    const without = { layers: [model.layers[1]], predictOnBatch: (each: tf.Tensor | tf.Tensor[]) => each };
    await expect(estimateStatistics(without, [])).rejects.toThrow('"model" expected a layer of batch normalization');
    await expect(estimateStatistics({} as never, [])).rejects.toThrow('"model" expected a model of tf.layers');
    await expect(estimateStatistics(model, [], { onbatch: 1 } as never)).rejects.toThrow('did you mean "onBatch"?');
    expect([state(), tf.memory().numTensors]).toEqual([before, numTensors]);
    await estimateStatistics(model, kept);
    expect(tf.memory().numTensors).toBe(numTensors);
    await estimateStatistics(model, datasetOf(batches()));
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
