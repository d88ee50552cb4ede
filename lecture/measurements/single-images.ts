import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { disposeBatch, makeBatch } from "../../examples/common/batches.js";
import { classes, imageSize } from "../../examples/common/fashion-mnist.js";
import { type Random, seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import {
  activations,
  affine,
  makeNetwork,
  Network,
  type NetworkSettings,
  stateless,
  variable,
} from "../training/network.js";
import { BatchNorm } from "../training/normalization.js";
import { evaluate, type first, step } from "../training/train.js";

export interface SingleImagesSettings {
  /** "1x1 maps": one convolution by filters as large as the images, batch norm, and an output layer. */
  readonly network: NetworkSettings | "1x1 maps";
  readonly lr: number;
  readonly steps: number;
  /** Test images that are predicted one at a time. */
  readonly tested: number;
}

export interface SingleImagesResult {
  /** Part of the training images that were right before their steps, twenty parts of the training. */
  readonly curve: readonly { readonly step: number; readonly accuracy: number }[];
  /**
   * The accuracy on single test images, by their own statistics as in training, and on all of them by running
   * statistics.
   */
  readonly alone: number;
  readonly running: number;
  /** Logits that are not, in every bit, those of the first test image. */
  readonly otherLogits: number;
  /** Values of variables before the last normalization (without one: before the output layer), and changed ones of them. */
  readonly below: number;
  readonly changed: number;
  /**
   * The result of the last normalization at the start, with random gamma, beta and dy; null without a normalization.
   */
  readonly layer: LayerResult | null;
}

export interface LayerResult {
  /** [1, channels], or [1, height, width, channels]. */
  readonly shape: readonly number[];
  readonly values: number;
  /** Values of y whose bits are not those of beta. */
  readonly notBeta: number;
  /** Values of dx that are not 0, and of dgamma. */
  readonly dx: number;
  readonly dgamma: number;
  /** The message of the error without the option singleValue; null if there is no error. */
  readonly refusal: string | null;
}

/** Trains on one image at a time. */
export const singleImages: Recipe<SingleImagesSettings, SingleImagesResult> = {
  name: "single-images",
  cost({ network, steps, tested }, { test }) {
    const costs =
      network === "1x1 maps" ? [0.4, 0.9, 0.05] : network.body === "lenet" ? [0.7, 2, 0.25] : [0.3, 0.7, 0.03];
    const [forward, backward, whole] = costs; // milliseconds an image
    return (steps * (forward + backward) + tested * forward + test.count * whole) / 1000;
  },
  run({ network: settings, lr, steps, tested }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = settings === "1x1 maps" ? withOnePixel(random) : makeNetwork(settings, random);
    // `Batches` cannot be used, because it makes no batch of one image.
    const order = random.permutation(data.train.count);
    const last = network.layers.findLastIndex((layer) => layer instanceof BatchNorm);
    const below = new Network(network.layers.slice(0, last < 0 ? -1 : last));
    const before = below.variables.map((weight) => weight.dataSync().slice());
    const curve: { step: number; accuracy: number }[] = [];
    const image = (i: number) => makeBatch(data.train, order, i % order.length, (i % order.length) + 1);
    try {
      const layer = last < 0 ? null : layerAlone(below, image(0), random);
      let [right, seen] = [0, 0];
      for (let i = 1; i <= steps; i++) {
        const batch = image(i);
        right += step(network, batch, lr).right;
        seen++;
        disposeBatch(batch);
        progress(i / steps);
        if (i % (steps / 20) !== 0) continue;
        curve.push({ step: i, accuracy: right / seen });
        [right, seen] = [0, 0];
      }
      const values = below.variables.map((weight, v) => ({ now: weight.dataSync(), before: before[v] }));
      const changed = values.map(({ now, before }) => count(now, (value, i) => !Object.is(value, before[i])));
      const alone = predictAlone(network, data.test, tested);
      const running = evaluate(network, data.test, "running").accuracy;
      return { curve, ...alone, running, below: sum(before.map(({ length }) => length)), changed: sum(changed), layer };
    } finally {
      network.dispose();
    }
  },
};

function withOnePixel(random: Random): Network {
  const channels = 64;
  const fanIn = imageSize * imageSize;
  const filters = random.uniform(fanIn * channels, Math.sqrt(6 / (fanIn + channels)));
  const weights = random.uniform(channels * classes, Math.sqrt(6 / (channels + classes)));
  return new Network([
    affine(variable(filters, [imageSize, imageSize, 1, channels]), null, false),
    new BatchNorm(channels, { singleValue: "pass" }),
    stateless(activations.relu),
    stateless((x) => tf.reshape(x, [x.shape[0], channels])),
    affine(variable(weights, [channels, classes]), classes),
  ]);
}

/** Runs the normalization after `below` on one image. */
function layerAlone(below: Network, batch: ReturnType<typeof makeBatch>, random: Random): LayerResult {
  const result = {} as { -readonly [K in keyof LayerResult]: LayerResult[K] };
  tf.tidy(() => {
    const x = below.forward(batch.images, "batch") as tf.Tensor;
    const channels = x.shape[x.rank - 1];
    const [gamma, beta] = [1, 2].map(() => tf.tensor1d(random.uniform(channels, 2)));
    const dy = tf.tensor(random.normal(x.size, 1), x.shape);
    const pass = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
      batchNormTraining(x, gamma, beta, { singleValue: "pass" }).y;
    const { value, grads } = tf.valueAndGrads(pass)([x, gamma, beta], dy);
    const shift = beta.dataSync();
    result.shape = x.shape;
    result.values = x.size;
    result.notBeta = count(value.dataSync(), (y, i) => !Object.is(y, shift[i % channels]));
    [result.dx, result.dgamma] = grads.map((gradient) => count(gradient.dataSync(), (value) => value !== 0));
    result.refusal = null;
    try {
      batchNormTraining(x, gamma, beta);
    } catch (error) {
      result.refusal = (error as Error).message;
    }
  });
  disposeBatch(batch);
  return result;
}

function predictAlone(network: Network, test: Parameters<typeof first>[0], tested: number) {
  const order = Uint32Array.from({ length: Math.min(tested, test.count) }, (_, i) => i);
  let [right, otherLogits] = [0, 0];
  let reference: Float32Array | null = null;
  for (const i of order) {
    const batch = makeBatch(test, order, i, i + 1);
    const logits = tf.tidy(() => network.forward(batch.images, "batch").dataSync().slice()) as Float32Array;
    disposeBatch(batch);
    right += logits.indexOf(Math.max(...logits)) === batch.labels[0] ? 1 : 0;
    reference ??= logits;
    const first = reference;
    otherLogits += count(logits, (value, c) => !Object.is(value, first[c]));
  }
  return { alone: right / order.length, otherLogits };
}

function count(values: ArrayLike<number>, is: (value: number, i: number) => boolean): number {
  let number = 0;
  for (let i = 0; i < values.length; i++) if (is(values[i], i)) number++;
  return number;
}

const sum = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
