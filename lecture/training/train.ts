import * as tf from "@tensorflow/tfjs-core";
import { type Batch, batchBounds, countRight, disposeBatch, makeBatch } from "../../examples/common/batches.js";
import type { Dataset } from "../../examples/common/images.js";
import type { Random } from "../../scripts/common/random.js";
import type { Mode, Network } from "./network.js";

/**
 * Endless batches of a data set, in a new order for each epoch. The batches of an epoch differ by at most one image.
 */
export class Batches {
  readonly perEpoch: number;
  readonly #bounds: readonly number[];
  #order: Uint32Array = new Uint32Array(0);
  #next = 0;

  constructor(
    readonly data: Dataset,
    size: number,
    readonly random: Random,
  ) {
    this.#bounds = batchBounds(data.count, size);
    this.perEpoch = this.#bounds.length - 1;
  }

  /** The caller disposes of it. */
  next(): Batch {
    if (this.#next === 0) this.#order = this.random.permutation(this.data.count);
    const batch = makeBatch(this.data, this.#order, this.#bounds[this.#next], this.#bounds[this.#next + 1]);
    this.#next = (this.#next + 1) % this.perEpoch;
    return batch;
  }
}

export interface StepResult {
  /** Mean cross entropy of the batch, before the step. */
  readonly loss: number;
  /** Images of the batch that were classified right, before the step. */
  readonly right: number;
}

/**
 * One step of gradient descent: w -= lr * (dw + weightDecay * w), the decay for weights of rank 2 and more. `others` are
 * images that are normalized together with the batch, and whose classes are not looked at.
 */
export function step(
  network: Network,
  batch: Batch,
  lr: number,
  weightDecay = 0,
  others: tf.Tensor4D | null = null,
): StepResult {
  return tf.tidy(() => {
    const variables = network.variables;
    let right = 0;
    const { value, grads } = tf.variableGrads(() => {
      const images = others === null ? batch.images : tf.concat([batch.images, others]);
      const all = network.forward(images, "training");
      const logits = others === null ? all : tf.slice(all, 0, batch.labels.length);
      right = countRight(logits, batch.labels);
      return crossEntropy(logits, batch.oneHot);
    }, variables);
    for (const variable of variables) {
      const gradient = grads[variable.name];
      const decayed =
        weightDecay > 0 && variable.rank >= 2 ? tf.add(gradient, tf.mul(variable, weightDecay)) : gradient;
      variable.assign(tf.sub(variable, tf.mul(decayed, lr)));
    }
    return { loss: value.dataSync()[0], right };
  });
}

/** Mean over the batch, given the true classes as one-hot rows. */
export function crossEntropy(logits: tf.Tensor2D, oneHot: tf.Tensor2D): tf.Scalar {
  return tf.losses.softmaxCrossEntropy(oneHot, logits) as tf.Scalar;
}

export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

/** Loss and accuracy on `data`, in order, in batches of at most `size` images. */
export function evaluate(network: Network, data: Dataset, mode: Mode, size = 1000): Score {
  const order = Uint32Array.from({ length: data.count }, (_, i) => i);
  const bounds = batchBounds(data.count, size);
  let [loss, right] = [0, 0];
  for (const [i, start] of bounds.slice(0, -1).entries()) {
    const batch = makeBatch(data, order, start, bounds[i + 1]);
    tf.tidy(() => {
      const logits = network.forward(batch.images, mode);
      loss += batch.labels.length * crossEntropy(logits, batch.oneHot).dataSync()[0];
      right += countRight(logits, batch.labels);
    });
    disposeBatch(batch);
  }
  return { loss: loss / data.count, accuracy: right / data.count };
}

/** Estimates every normalization's precise statistics, with the weights as they are, from the first `images` of `data`. */
export function estimate(network: Network, data: Dataset, images: number, size = 1000): void {
  for (const norm of network.norms) norm.beginEstimate();
  evaluate(network, first(data, images), "estimate", size);
  for (const norm of network.norms) norm.endEstimate();
}

/** Returns the first `count` images, or all if there are fewer. */
export function first(data: Dataset, count: number): Dataset {
  return { ...data, count: Math.min(count, data.count) };
}
