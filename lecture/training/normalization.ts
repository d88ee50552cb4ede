import * as tf from "@tensorflow/tfjs-core";
import { batchNormInference, batchNormTraining, type SingleValue } from "batchnorm-wasm/tfjs";
import type { Layer, Mode } from "./network.js";

export interface NormSettings {
  /** Weight of the new batch in the running statistics. Default 0.1. */
  readonly momentum?: number;
  /** Default 1e-5. */
  readonly eps?: number;
  /** false: neither gamma nor beta. Default true. */
  readonly affine?: boolean;
  /** The treatment of one value per channel in training. Default "refuse", which throws. */
  readonly singleValue?: SingleValue;
}

/** Mean and population variance per channel. */
export interface Statistics {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Batch normalization over all axes of x but the last, with running statistics. */
export class BatchNorm implements Layer {
  readonly gamma: tf.Variable | null;
  readonly beta: tf.Variable | null;
  readonly running: Statistics;
  /** The statistics of the last batch in training. */
  batch: Statistics | null = null;
  /** The weight of the new batch in the running statistics, and eps. The next call of `apply` uses both. */
  momentum: number;
  eps: number;
  readonly #singleValue: SingleValue;
  /** The sums of an estimate under way: batches, means, squares of means, variances. */
  #sums: { batches: number; mean: Float64Array; square: Float64Array; variance: Float64Array } | null = null;
  #precise: Statistics | null = null;

  constructor(
    readonly channels: number,
    { momentum = 0.1, eps = 1e-5, affine = true, singleValue = "refuse" }: NormSettings = {},
  ) {
    this.gamma = affine ? tf.tidy(() => tf.variable(tf.ones([channels]))) : null;
    this.beta = affine ? tf.tidy(() => tf.variable(tf.zeros([channels]))) : null;
    this.running = { mean: new Float64Array(channels), variance: new Float64Array(channels).fill(1) };
    this.momentum = momentum;
    this.eps = eps;
    this.#singleValue = singleValue;
  }

  get variables(): tf.Variable[] {
    return [this.gamma, this.beta].filter((variable) => variable !== null);
  }

  apply(x: tf.Tensor, mode: Mode): tf.Tensor {
    if (mode === "running" || mode === "precise") {
      const statistics = mode === "running" ? this.running : this.#precise;
      if (statistics === null) throw new Error("no precise statistics: call estimate first");
      const [mean, variance] = [statistics.mean, statistics.variance].map((values) => tf.tensor1d([...values]));
      return batchNormInference(x, mean, variance, this.gamma, this.beta, { eps: this.eps });
    }
    const options = { eps: this.eps, singleValue: this.#singleValue };
    const { y, mean, variance } = batchNormTraining(x, this.gamma, this.beta, options);
    if (mode !== "batch") {
      const batch = { mean: Float64Array.from(mean.dataSync()), variance: Float64Array.from(variance.dataSync()) };
      if (mode === "training") this.#follow(batch);
      else this.#add(batch);
    }
    return y;
  }

  /** Begins statistics of all batches that then go through in mode "estimate", to be used in mode "precise". */
  beginEstimate(): void {
    const zeros = () => new Float64Array(this.channels);
    this.#sums = { batches: 0, mean: zeros(), square: zeros(), variance: zeros() };
  }

  endEstimate(): Statistics {
    if (this.#sums === null || this.#sums.batches === 0) throw new Error("no batch went through in mode estimate");
    const { batches, mean, square, variance } = this.#sums;
    const means = mean.map((sum) => sum / batches);
    // The variance of all values together is the mean of the variances plus the variance of the means.
    const variances = variance.map((sum, c) => sum / batches + Math.max(0, square[c] / batches - means[c] ** 2));
    this.#sums = null;
    this.#precise = { mean: means, variance: variances };
    return this.#precise;
  }

  #follow(batch: Statistics): void {
    this.batch = batch;
    for (const name of ["mean", "variance"] as const) {
      const running = this.running[name];
      for (let c = 0; c < this.channels; c++) running[c] += this.momentum * (batch[name][c] - running[c]);
    }
  }

  #add({ mean, variance }: Statistics): void {
    if (this.#sums === null) throw new Error("mode estimate without beginEstimate");
    this.#sums.batches++;
    for (let c = 0; c < this.channels; c++) {
      this.#sums.mean[c] += mean[c];
      this.#sums.square[c] += mean[c] ** 2;
      this.#sums.variance[c] += variance[c];
    }
  }
}
