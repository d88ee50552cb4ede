import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import type { Recipe } from "../experiment.js";
import { type ClassifierSettings, classifierWith, type Training } from "./classifier.js";
import type { Mode } from "./network.js";
import { BatchNorm } from "./normalization.js";

/**
 * Batch normalization by the statistics of groups of `group` samples inside the batch, in training ("ghost batches": Hoffer
 * et al., arXiv 1705.08741). The running statistics are those of the whole batch, so that their error is the same for all groups.
 */
export class GhostBatchNorm extends BatchNorm {
  constructor(
    channels: number,
    readonly group: number,
  ) {
    super(channels);
  }

  override apply(x: tf.Tensor, mode: Mode): tf.Tensor {
    const whole = super.apply(x, mode);
    if (mode !== "training" && mode !== "batch") return whole;
    const [rows, columns] = x.shape;
    const groups = rows / this.group;
    if (!Number.isInteger(groups)) throw new Error(`a batch of ${rows} in groups of ${this.group}`);
    // Every channel of every group is a channel: [group, groups * columns].
    const apart = tf.transpose(tf.reshape(x, [groups, this.group, columns]), [1, 0, 2]);
    const { y } = batchNormTraining(tf.reshape(apart, [this.group, groups * columns]), null, null, { eps: 1e-5 });
    const together = tf.transpose(tf.reshape(y, [this.group, groups, columns]), [1, 0, 2]);
    const [gamma, beta] = this.variables;
    return tf.add(tf.mul(tf.reshape(together, [rows, columns]), gamma), beta);
  }
}

/** Trains by statistics of groups of `group` images. */
export function ghostClassifier(group: number): Recipe<ClassifierSettings, Training> {
  const recipe = classifierWith(`classifier-ghost-${group}`, (channels) => new GhostBatchNorm(channels, group));
  return { ...recipe, cost: (settings, data) => 1.4 * recipe.cost(settings, data) };
}
