import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "../../scripts/common/random.js";
import { type Batch, batchBounds, countRight, disposeBatch, makeBatch } from "../common/batches.js";
import type { Dataset } from "../common/fashion-mnist.js";
import { LeNet } from "./network.js";

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
