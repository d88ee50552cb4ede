import * as tf from "@tensorflow/tfjs-core";
import { classes, type Dataset, pixels } from "./fashion-mnist.js";
import { inputShape, LeNet } from "./network.js";
import type { Random } from "./random.js";

/** Means over one epoch; accuracies in [0, 1]. */
export interface EpochResult {
  readonly epoch: number;
  /** Mean cross entropy over the epoch, while the weights were changing. */
  readonly loss: number;
  /** Likewise: each batch counted before the step that it caused. */
  readonly trainAccuracy: number;
  /** After the epoch, with running statistics. */
  readonly testAccuracy: number;
  /** Training only, without the test. */
  readonly seconds: number;
}

export interface Batch {
  readonly images: tf.Tensor4D;
  readonly oneHot: tf.Tensor2D;
  readonly labels: Uint8Array;
}

/** The images number order[start] to order[end - 1], as float32 in [0, 1] in the memory of TensorFlow.js. */
export function makeBatch(data: Dataset, order: Uint32Array, start: number, end: number): Batch {
  const count = end - start;
  const values = new Float32Array(count * pixels);
  const labels = new Uint8Array(count);
  const oneHot = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    const from = order[start + i] * pixels;
    const to = i * pixels;
    for (let p = 0; p < pixels; p++) {
      values[to + p] = data.images[from + p] / 255;
    }
    labels[i] = data.labels[order[start + i]];
    oneHot[i * classes + labels[i]] = 1;
  }
  return {
    images: tf.tensor4d(values, [count, ...inputShape]),
    oneHot: tf.tensor2d(oneHot, [count, classes]),
    labels,
  };
}

export function disposeBatch({ images, oneHot }: Batch): void {
  tf.dispose([images, oneHot]);
}

/** One step of gradient descent. Returns the loss and the number of images classified right before it. */
export function trainStep(network: LeNet, optimizer: tf.Optimizer, batch: Batch): { loss: number; right: number } {
  return tf.tidy(() => {
    let logits: tf.Tensor2D | undefined;
    const loss = optimizer.minimize(() => {
      logits = tf.keep(network.forward(batch.images, true));
      return LeNet.loss(logits, batch.oneHot);
    }, true) as tf.Scalar;
    const right = countRight(logits as tf.Tensor2D, batch.labels);
    logits?.dispose();
    return { loss: loss.dataSync()[0], right };
  });
}

/** The share of `data` that the network classifies right, with running statistics. */
export function accuracy(network: LeNet, data: Dataset): number {
  const order = Uint32Array.from({ length: data.count }, (_, i) => i);
  const size = 1000;
  let right = 0;
  for (let start = 0; start < data.count; start += size) {
    const batch = makeBatch(data, order, start, Math.min(start + size, data.count));
    right += tf.tidy(() => countRight(network.forward(batch.images, false), batch.labels));
    disposeBatch(batch);
  }
  return right / data.count;
}

/**
 * Where the steps of an epoch begin, and the end. No step takes more than `size` images (but for one that would be left
 * over alone), and all take equally many, give or take one: a small last batch, right before the test, would spoil the
 * running statistics.
 */
export function batchBounds(count: number, size: number): number[] {
  const steps = Math.min(Math.ceil(count / size), Math.floor(count / 2));
  return Array.from({ length: steps + 1 }, (_, i) => Math.floor((i * count) / steps));
}

export interface TrainOptions {
  readonly epochs: number;
  readonly lr: number;
  readonly batch: number;
  readonly random: Random;
  readonly onStep: (epoch: number, loss: number, imagesPerSecond: number) => void;
  readonly onEpoch: (result: EpochResult) => void;
}

/** Trains `network` in place and returns a result an epoch. */
export async function train(network: LeNet, data: { train: Dataset; test: Dataset }, options: TrainOptions) {
  const { count } = data.train;
  const bounds = batchBounds(count, options.batch);
  const optimizer = tf.train.sgd(options.lr);
  const results: EpochResult[] = [];
  for (let epoch = 1; epoch <= options.epochs; epoch++) {
    const order = options.random.permutation(count);
    let [loss, right, seen] = [0, 0, 0];
    const begin = performance.now();
    for (const [i, start] of bounds.slice(0, -1).entries()) {
      const end = bounds[i + 1];
      const batch = makeBatch(data.train, order, start, end);
      const step = trainStep(network, optimizer, batch);
      disposeBatch(batch);
      loss += step.loss * (end - start);
      right += step.right;
      seen += end - start;
      options.onStep(epoch, loss / seen, (1000 * seen) / (performance.now() - begin));
      await new Promise((resolve) => setImmediate(resolve)); // lets the progress bar draw
    }
    const seconds = (performance.now() - begin) / 1000;
    const testAccuracy = accuracy(network, data.test);
    const result = { epoch, loss: loss / seen, trainAccuracy: right / seen, testAccuracy, seconds };
    results.push(result);
    options.onEpoch(result);
  }
  optimizer.dispose();
  return results;
}

function countRight(logits: tf.Tensor2D, labels: Uint8Array): number {
  const values = logits.dataSync();
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const row = values.subarray(i * classes, (i + 1) * classes);
    right += row.indexOf(Math.max(...row)) === labels[i] ? 1 : 0;
  }
  return right;
}
