import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "../../scripts/common/random.js";
import type { Mode } from "./network.js";
import { BatchNorm } from "./normalization.js";

/**
 * Batch normalization whose output is shifted and scaled at random, with new values for each unit at each pass. The
 * shift is uniform in [-1.5, 1.5], the factor in [1, 1.25], and both vary by about 0.1 from image to image. The noise
 * needs statistics of the batch; prediction has none.
 */
export class NoisyBatchNorm extends BatchNorm {
  readonly #random: Random;

  constructor(channels: number, random: Random) {
    super(channels);
    this.#random = random;
  }

  override apply(x: tf.Tensor, mode: Mode): tf.Tensor {
    const y = super.apply(x, mode);
    if (mode !== "training" && mode !== "batch") return y;
    const [rows, columns] = x.shape;
    const unit = (values: Float32Array) => tf.tensor2d(values, [1, columns]);
    const single = (values: Float32Array) => tf.tensor2d(values, [rows, columns]);
    const random = this.#random;
    const shift = tf.add(unit(random.uniform(columns, 1.5)), single(random.uniform(rows * columns, 0.1)));
    const factor = tf.add(unit(random.uniform(columns, 0.125)), single(random.normal(rows * columns, 0.1)));
    return tf.add(tf.mul(y, tf.add(factor, 1.125)), shift);
  }
}
