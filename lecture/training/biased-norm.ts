import * as tf from "@tensorflow/tfjs-core";
import { seeded } from "../../scripts/common/random.js";
import { type Layer, variable } from "./network.js";
import { BatchNorm } from "./normalization.js";

/** Batch normalization of x plus a bias, which is at first random in [-1, 1). */
export class BiasedNorm implements Layer {
  readonly bias: tf.Variable;
  readonly #norm: BatchNorm;

  constructor(channels: number, where: number) {
    this.bias = variable(seeded(100 + where).uniform(channels, 1), [channels]);
    this.#norm = new BatchNorm(channels);
  }

  get variables(): tf.Variable[] {
    return [this.bias, ...this.#norm.variables];
  }

  apply(...[x, mode]: Parameters<Layer["apply"]>): tf.Tensor {
    return this.#norm.apply(tf.add(x, this.bias), mode);
  }
}
