import * as tf from "@tensorflow/tfjs-core";
import { classes, type Dataset, inputShape, pixels } from "./images.js";

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

/**
 * Returns the first image of each step of an epoch, and the end. Steps have at most `size` images, or one more if a
 * single image would remain. They differ by at most one image, because a small last batch before the test would make
 * the running statistics worse.
 */
export function batchBounds(count: number, size: number): number[] {
  const steps = Math.min(Math.ceil(count / size), Math.floor(count / 2));
  return Array.from({ length: steps + 1 }, (_, i) => Math.floor((i * count) / steps));
}

/** Counts the rows of `logits` whose largest value is at the label. */
export function countRight(logits: tf.Tensor2D, labels: Uint8Array): number {
  const values = logits.dataSync();
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const row = values.subarray(i * classes, (i + 1) * classes);
    right += row.indexOf(Math.max(...row)) === labels[i] ? 1 : 0;
  }
  return right;
}
