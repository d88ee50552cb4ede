import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { startTfjs } from "../../examples/common/backend.js";
import { disposeBatch } from "../../examples/common/batches.js";
import { type Dataset, dataFolder, pixels, readSplit } from "../../examples/common/fashion-mnist.js";
import { classifier } from "../../lecture/training/classifier.js";
import { affine, makeNetwork, type Network, type NetworkSettings, variable } from "../../lecture/training/network.js";
import { Batches, estimate, evaluate, first, step } from "../../lecture/training/train.js";
import { seeded } from "../../scripts/common/random.js";

const dense: NetworkSettings = { body: [12, 8], activation: "sigmoid", norm: {} };
const lenet: NetworkSettings = { body: "lenet", activation: "sigmoid", norm: {} };

let train: Dataset;
let test: Dataset;
beforeAll(async () => {
  await startTfjs();
  train = first(readSplit(dataFolder, "train"), 600);
  test = first(readSplit(dataFolder, "test"), 200);
});

function trained(settings: NetworkSettings, steps: number, lr: number): Network {
  const random = seeded(3);
  const network = makeNetwork(settings, random);
  const batches = new Batches(train, 50, random);
  for (let i = 0; i < steps; i++) {
    const batch = batches.next();
    step(network, batch, lr);
    disposeBatch(batch);
  }
  return network;
}

describe("networks of the experiments", () => {
  it("have the gradients of a product that TensorFlow.js has", () => {
    const random = seeded(1);
    const [x, dy] = [tf.tensor2d(random.normal(35, 1), [7, 5]), tf.tensor2d(random.normal(21, 1), [7, 3])];
    const weight = variable(random.normal(15, 1), [5, 3]);
    const layer = affine(weight, null);
    const loss = (y: tf.Tensor) => tf.sum(tf.mul(y, dy)) as tf.Scalar;
    const ours = tf.grads((x) => loss(layer.apply(x, "training")))([x]);
    const theirs = tf.grads((x, weight) => loss(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D)))([x, weight]);
    const ofWeight = tf.variableGrads(() => loss(layer.apply(x, "training")), [weight]).grads[weight.name];
    for (const [a, b] of [
      [ours[0], theirs[0]],
      [ofWeight, theirs[1]],
    ]) {
      const expected = b.dataSync();
      // Sums of at most 7 products of normal numbers.
      a.dataSync().forEach((value, i) => void expect(Math.abs(value - expected[i])).toBeLessThan(1e-5));
    }
  });

  it.each([
    ["dense", dense, 60, 0.5],
    ["LeNet", lenet, 60, 1],
  ] as const)("learn: %s", (_, settings, steps, lr) => {
    const network = trained(settings, steps, lr);
    expect(evaluate(network, train, "batch").accuracy).toBeGreaterThan(0.4);
    network.dispose();
  });

  it("estimate as precise statistics those of all images together", () => {
    const network = trained(dense, 20, 0.5);
    estimate(network, train, 600, 200);
    const three = evaluate(network, test, "precise");
    estimate(network, train, 600, 600);
    const one = evaluate(network, test, "precise");
    // The first layer's statistics are the same however the images are divided; the second one's input is not quite.
    expect(Math.abs(three.loss - one.loss)).toBeLessThan(0.05);

    const [weight] = network.layers[1].variables;
    const all = tf.tensor2d(
      Float32Array.from(train.images.subarray(0, 600 * pixels), (value) => value / 255),
      [600, pixels],
    );
    const { mean, variance } = tf.moments(tf.matMul(all, weight as tf.Tensor2D), 0);
    for (const norm of network.norms) norm.beginEstimate();
    evaluate(network, train, "estimate", 200);
    const [precise] = network.norms.map((norm) => norm.endEstimate());
    mean
      .dataSync()
      .forEach((value, c) => void expect(Math.abs(precise.mean[c] - value)).toBeLessThan(1e-5 * (1 + Math.abs(value))));
    variance
      .dataSync()
      .forEach((value, c) => void expect(Math.abs(precise.variance[c] - value)).toBeLessThan(1e-4 * value));
    network.dispose();
  });

  it("keep no tensor, and give the same numbers with the same seed", async () => {
    const settings = { network: dense, lr: 0.5, batch: 50, epochs: 2, precise: true };
    const trial = { data: { train, test }, seed: 5, progress() {} };
    const before = tf.memory().numTensors;
    const results = [await classifier.run(settings, trial), await classifier.run(settings, trial)];
    expect(tf.memory().numTensors).toBe(before);
    expect(results[1]).toEqual(results[0]);
    const other = await classifier.run(settings, { ...trial, seed: 6 });
    expect(other).not.toEqual(results[0]);
  });
});
