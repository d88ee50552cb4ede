import * as tf from "@tensorflow/tfjs-core";
import { batchNormInference, batchNormTraining } from "batchnorm-wasm/tfjs";
import { type Layer, type Mode, variable } from "./network.js";

export type Part = "mean" | "deviation";

const EPS = 1e-5;
const MOMENTUM = 0.1;

/**
 * Half of batch normalization over all axes but the last: the mean is subtracted, or the deviation divided by; then gamma
 * and beta. By the statistics of the batch in training, through which gradients go, else by running ones.
 */
export class PartialNorm implements Layer {
  readonly variables: readonly [gamma: tf.Variable, beta: tf.Variable];
  readonly #part: Part;
  readonly #running: Float32Array;

  constructor(channels: number, part: Part) {
    const [ones, zeros] = [new Float32Array(channels).fill(1), new Float32Array(channels)];
    this.variables = [variable(ones, [channels]), variable(zeros, [channels])];
    this.#part = part;
    this.#running = new Float32Array(channels).fill(part === "mean" ? 0 : 1);
  }

  apply(x: tf.Tensor, mode: Mode): tf.Tensor {
    if (mode === "estimate" || mode === "precise") throw new Error("precise statistics are of whole normalizations");
    const [gamma, beta] = this.variables;
    const statistics = mode === "running" ? tf.tensor1d(this.#running.slice()) : this.#ofBatch(x, mode === "training");
    const [mean, variance] =
      this.#part === "mean"
        ? [statistics, tf.ones([this.#running.length])]
        : [tf.zeros([this.#running.length]), tf.add(statistics, EPS)];
    return batchNormInference(x, mean, variance, gamma, beta, { eps: 0 });
  }

  #ofBatch(x: tf.Tensor, follows: boolean): tf.Tensor {
    const { mean, variance } = batchNormTraining(x);
    const statistics = this.#part === "mean" ? mean : variance;
    if (follows) {
      for (const [c, value] of statistics.dataSync().entries()) {
        this.#running[c] += MOMENTUM * (value - this.#running[c]);
      }
    }
    return statistics;
  }
}
