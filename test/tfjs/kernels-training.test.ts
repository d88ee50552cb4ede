import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seeded } from "../../scripts/common/random.js";
import { install, uninstall } from "../../src/tfjs/index.js";
import { u } from "../helpers/metric.js";
import { LAYERS, type LayerCase, NAMES, NOT_LAYERS, REFUSED, tf, tfl } from "./kernels-layers.js";

beforeAll(async () => {
  await tf.setBackend("wasm");
  await install(tf, { layers: tfl.layers });
});
afterAll(uninstall);

type Outcome = Record<string, Float32Array>;

/** y in training, and the gradients of <y, dy> for a dy, by name; x and u of one seed. */
async function outcomeOf({ inputs, make, ids }: LayerCase, backend: string): Promise<Outcome> {
  await tf.setBackend(backend);
  const random = seeded(3);
  const uniform = (shape: number[], bound: number) =>
    tf.tensor(random.uniform(tf.util.sizeFromShape(shape), bound), shape);
  const indices = (shape: number[]) =>
    tf.tensor(
      Array.from({ length: 15 }, (_, i) => (i * i) % 7),
      shape,
    );
  return tf.tidy(() => {
    const layer = make();
    const xs = inputs.map((shape) => (ids ? indices(shape) : uniform(shape, 1)));
    // Below 0 for the most part: a maximum has to be found there too.
    const shifted = xs.map((x) => (ids ? x : tf.sub(x, 0.5)));
    const apply = (...given: tf.Tensor[]) => {
      return layer.apply(given.length === 1 ? given[0] : given, { training: true }) as tf.Tensor;
    };
    apply(...shifted);
    layer.setWeights(layer.getWeights().map((weight) => uniform(weight.shape, 1)));
    const y = apply(...shifted);
    const dy = uniform(y.shape, 1);
    const result: Outcome = { y: y.dataSync<"float32">(), dy: dy.dataSync<"float32">() };
    const loss = (...given: tf.Tensor[]) => tf.sum(tf.mul(apply(...given), dy)) as tf.Scalar;
    if (!ids) {
      tf.grads(loss)(shifted).forEach((dx, i) => {
        result[`dx ${i}`] = dx.dataSync<"float32">();
      });
    }
    const weights = layer.trainableWeights.map((weight) => (weight as unknown as { val: tf.Variable }).val);
    if (weights.length === 0) return result;
    const { grads } = tf.variableGrads(() => loss(...shifted), weights);
    weights.forEach(({ name }, i) => {
      result[`gradient of weight ${i}`] = grads[name].dataSync<"float32">();
    });
    return result;
  });
}

const largest = (values: ArrayLike<number>) => Array.from(values, Math.abs).reduce((a, b) => Math.max(a, b), 0);

/**
 * No sum here has more than 448 terms (2·8·7 pixels of 4 channels), and no value has passed more than four of them, one after
 * the other (three steps of a recurrent layer and its weights): 4·448 roundings, on each backend. Of what they err by, the
 * bound takes the values themselves for the terms; data that cancel by more than half have none.
 */
const limit = 2 * 2 * 4 * 448 * u;

function expectSame(got: ArrayLike<number>, want: ArrayLike<number>, what: string): void {
  expect(got.length, what).toBe(want.length);
  const scale = Math.max(largest(want), 2 ** -126);
  const worst = largest(Array.from(want, (value, i) => got[i] - value)) / scale;
  expect(worst, what).toBeLessThanOrEqual(limit);
}

describe("layers on wasm", () => {
  it("are all of tf.layers", () => {
    expect(new Set([...NAMES, ...NOT_LAYERS])).toEqual(new Set(Object.keys(tfl.layers)));
  });

  it.each(LAYERS.filter(({ wrongOnCpu }) => !wrongOnCpu))("train as on cpu: $name", async (layer) => {
    const [want, got] = [await outcomeOf(layer, "cpu"), await outcomeOf(layer, "wasm")];
    expect(Object.keys(got)).toEqual(Object.keys(want));
    for (const name of Object.keys(want)) expectSame(got[name], want[name], name);
  });

  // y is linear in x: <dx, x> = <y, dy>, and so for the x that is 1 at one place and 0 elsewhere.
  it.each(LAYERS.filter(({ wrongOnCpu }) => wrongOnCpu))("have the gradient that y has: $name", async (layer) => {
    await tf.setBackend("wasm");
    const { dy, "dx 0": dx } = await outcomeOf(layer, "wasm");
    const built = layer.make();
    const want = Float64Array.from(dx, (_, i) =>
      tf.tidy(() => {
        const unit = tf.buffer(layer.inputs[0]);
        unit.values[i] = 1;
        const y = (built.apply(unit.toTensor()) as tf.Tensor).dataSync<"float32">();
        return y.reduce((sum, value, k) => sum + value * dy[k], 0);
      }),
    );
    expectSame(dx, want, "dx");
  });

  it.each(REFUSED)("refuse what cpu refuses: $name", async ({ message, ...layer }) => {
    await expect(outcomeOf(layer, "cpu")).rejects.toThrow(message);
    await expect(outcomeOf(layer, "wasm")).rejects.toThrow(message);
  });
});

const losses: Record<string, (label: tf.Tensor, prediction: tf.Tensor) => tf.Tensor> = {
  "losses.absoluteDifference": (label, y) => tf.losses.absoluteDifference(label, y),
  "losses.computeWeightedLoss": (label, y) => tf.losses.computeWeightedLoss(tf.mul(label, y)),
  "losses.cosineDistance": (label, y) => tf.losses.cosineDistance(label, y, 1),
  "losses.hingeLoss": (label, y) => tf.losses.hingeLoss(label, y),
  "losses.huberLoss": (label, y) => tf.losses.huberLoss(label, y, undefined, 0.3),
  "losses.logLoss": (label, y) => tf.losses.logLoss(label, tf.sigmoid(y)),
  "losses.meanSquaredError": (label, y) => tf.losses.meanSquaredError(label, y),
  "losses.sigmoidCrossEntropy": (label, y) => tf.losses.sigmoidCrossEntropy(label, y),
  "losses.softmaxCrossEntropy": (label, y) => tf.losses.softmaxCrossEntropy(label, y),
  "metrics.binaryCrossentropy": (label, y) => tfl.metrics.binaryCrossentropy(label, tf.sigmoid(y)),
  "metrics.categoricalCrossentropy": (label, y) => tfl.metrics.categoricalCrossentropy(label, tf.softmax(y)),
  "metrics.cosineProximity": (label, y) => tfl.metrics.cosineProximity(label, y),
  "metrics.meanAbsoluteError": (label, y) => tfl.metrics.meanAbsoluteError(label, y),
  "metrics.meanAbsolutePercentageError": (label, y) => tfl.metrics.meanAbsolutePercentageError(tf.add(label, 1), y),
};

const optimizers: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.1, 0.9),
  rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0.5),
  adam: () => tf.train.adam(0.01),
  adadelta: () => tf.train.adadelta(0.1),
  adamax: () => tf.train.adamax(0.01),
  adagrad: () => tf.train.adagrad(0.1),
};

/** The weights of a small net after three steps, with the losses. */
async function trained(
  backend: string,
  loss: string | (typeof losses)[string],
  make: () => tf.Optimizer,
): Promise<Outcome> {
  await tf.setBackend(backend);
  const random = seeded(6);
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [6, 6, 2], filters: 3, kernelSize: 3, strides: 2, padding: "same" }),
      tfl.layers.maxPooling2d({ poolSize: 2, strides: 1 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 4, activation: typeof loss === "string" ? "softmax" : "linear" }),
    ],
  });
  model.setWeights(model.getWeights().map((weight) => tf.tensor(random.uniform(weight.size, 0.5), weight.shape)));
  const x = tf.tensor(random.uniform(5 * 72, 1), [5, 6, 6, 2]);
  const sparse = loss === "sparseCategoricalCrossentropy";
  const labels = sparse ? tf.tensor2d([0, 2, 3, 1, 2], [5, 1]) : tf.oneHot([0, 2, 3, 1, 2], 4, 1, 0, "float32");
  const optimizer = make();
  const values: number[] = [];
  if (typeof loss === "string") {
    model.compile({ optimizer, loss });
    for (let step = 0; step < 3; step++) values.push((await model.trainOnBatch(x, labels)) as number);
  } else {
    for (let step = 0; step < 3; step++) {
      const value = optimizer.minimize(() => tf.mean(loss(labels, model.apply(x) as tf.Tensor)) as tf.Scalar, true);
      values.push((value as tf.Scalar).dataSync()[0]);
    }
  }
  const result: Outcome = { losses: Float32Array.from(values) };
  model.getWeights().forEach((weight, i) => {
    result[`weight ${i}`] = weight.dataSync<"float32">();
  });
  return result;
}

async function expectTrained(loss: string | (typeof losses)[string], make: () => tf.Optimizer): Promise<void> {
  const [want, got] = [await trained("cpu", loss, make), await trained("wasm", loss, make)];
  for (const name of Object.keys(want)) expectSame(got[name], want[name], name);
}

describe("three steps of training on wasm", () => {
  it("are tried with every loss and every optimizer", () => {
    const names = Object.keys(losses).map((name) => name.split(".")[1]);
    expect(Object.keys(tf.losses).filter((name) => !names.includes(name))).toEqual([]);
    expect(Object.keys(optimizers).sort()).toEqual(Object.keys(tf.train).sort());
  });

  it.each(Object.entries(losses))("agree with cpu, %s", async (_, loss) => {
    await expectTrained(loss, optimizers.momentum);
  });

  it.each([
    ...["meanSquaredError", "meanAbsoluteError", "meanSquaredLogarithmicError", "squaredHinge", "hinge"],
    ...[
      "categoricalHinge",
      "logcosh",
      "categoricalCrossentropy",
      "sparseCategoricalCrossentropy",
      "binaryCrossentropy",
    ],
    ...["kullbackLeiblerDivergence", "poisson", "cosineProximity"],
  ])("agree with cpu, the loss %s of a model", async (loss) => {
    await expectTrained(loss, optimizers.sgd);
  });

  it.each(Object.entries(optimizers))("agree with cpu, %s", async (_, make) => {
    await expectTrained(losses["losses.softmaxCrossEntropy"], make);
  });
});
