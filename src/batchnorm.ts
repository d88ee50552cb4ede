import {
  checkBoolean,
  checkCount,
  checkEps,
  checkInput,
  checkInteger,
  checkLikeInput,
  checkMomentum,
  checkOneOf,
  checkOptions,
  wrongType,
  wrongValue,
} from "./check.js";
import { ACTIVATIONS } from "./functional.js";
import { KernelInstance, type Kernels } from "./kernels.js";
import { checkState, type StateDict } from "./state.js";
import { Doubles, dispose, FloatTensor, type Tensor, together } from "./tensor.js";
import * as verbs from "./verbs.js";

export interface BatchNormOptions {
  /** Added to the variance under the root. Default 1e-5. */
  eps?: number;
  /**
   * Weight of the new batch, running = (1 - momentum) * running + momentum * batch: 0 keeps the running statistics as they
   * are, 1 replaces them; null gives every batch the same weight (cumulative average). Default 0.1, as in PyTorch; Keras
   * and ONNX name the weight of the old value (their 0.99 is 0.01 here).
   */
  momentum?: number | null;
  /** Learn a scale. Default true. */
  gamma?: boolean;
  /** Learn a shift. Default true. */
  beta?: boolean;
  /** Keep running statistics. Without them inference normalizes by the batch as training does. Default true. */
  trackRunningStats?: boolean;
  /**
   * What the running variance averages: the batch's unbiased variance (sum of squares / (m - 1): PyTorch) or its population
   * variance (/ m: Keras, ONNX). The batch itself is always normalized by its population variance. Default "unbiased".
   */
  runningVariance?: "unbiased" | "population";
  /** Fused behind the normalization. Default "none". */
  activation?: verbs.Activation;
}

/** The gradients of a loss. dgamma and dbeta belong to the layer: the next backward overwrites them. */
export interface Gradients {
  readonly dx: Tensor;
  /** Shape [C]; null where the layer has no gamma. */
  readonly dgamma: Tensor | null;
  /** Shape [C]; null where the layer has no beta. */
  readonly dbeta: Tensor | null;
}

/** Running statistics of a layer, in the kernels' memory. */
interface Running {
  readonly mean: Doubles;
  readonly variance: Doubles;
}

/**
 * Batch normalization with its parameters, running statistics and mode (Ioffe and Szegedy 2015). Starts in training mode.
 * Besides the caller's tensors it holds a few values a channel.
 */
export class BatchNorm {
  readonly #kernels: KernelInstance;
  readonly #numFeatures: number;
  readonly #eps: number;
  readonly #momentum: number | null;
  readonly #unbiased: boolean;
  readonly #gamma: FloatTensor | null;
  readonly #beta: FloatTensor | null;
  readonly #dgamma: FloatTensor | null;
  readonly #dbeta: FloatTensor | null;
  readonly #running: Running | null;
  /** Of the last forward, for its backward. */
  readonly #affine: verbs.Affine;
  /** The batch's variance; of use within a forward only. */
  readonly #variance: Doubles;
  readonly #sums: verbs.Sums;
  #training = true;
  #x: FloatTensor | null = null;
  /** Whether the last forward used running statistics, which are constants to its backward. */
  #frozen = false;
  /** Whether the last forward wrote y over x. */
  #overwritten = false;
  /** The last result of backward, given again for the same dx. */
  #gradients: Gradients | null = null;
  /**
   * m / (m - 1) for the last m: a new number would be an allocation a step. It starts as null so that V8 keeps it as an
   * object; a field of its own kind for floating point would be copied to a new object by each read.
   */
  #correction: number | null = null;
  #corrected = 0;
  #disposed = false;
  /** Training batches seen. Empty batches do not count. */
  numBatchesTracked = 0;

  /**
   * @param numFeatures channels
   * @throws TypeError, RangeError for a wrong argument
   */
  constructor(kernels: Kernels, numFeatures: number, options: BatchNormOptions = {}) {
    if (!(kernels instanceof KernelInstance)) throw wrongType("kernels", "what load returned", kernels);
    checkInteger("numFeatures", numFeatures, 1);
    checkOptions(options);
    const { gamma = true, beta = true, trackRunningStats = true } = options;
    checkBoolean("gamma", gamma);
    checkBoolean("beta", beta);
    checkBoolean("trackRunningStats", trackRunningStats);
    const activation = checkOneOf("activation", options.activation === undefined ? "none" : options.activation, ACTIVATIONS);
    const { runningVariance = "unbiased" } = options;
    this.#unbiased = checkOneOf("runningVariance", runningVariance, ["unbiased", "population"]) === "unbiased";
    this.#eps = checkEps(options.eps === undefined ? 1e-5 : options.eps);
    this.#momentum = checkMomentum(options.momentum === undefined ? 0.1 : options.momentum);
    this.#kernels = kernels;
    this.#numFeatures = numFeatures;

    const built = together((own) => {
      const floats = (wanted: boolean, value: number) => {
        if (!wanted) return null;
        const tensor = own(new FloatTensor(kernels, [numFeatures], "C"));
        tensor.data.fill(value);
        return tensor;
      };
      const doubles = (value: number) => {
        const block = own(new Doubles(kernels, numFeatures));
        block.data.fill(value);
        return block;
      };
      return {
        gamma: floats(gamma, 1),
        beta: floats(beta, 0),
        dgamma: floats(gamma, 0),
        dbeta: floats(beta, 0),
        running: trackRunningStats ? { mean: doubles(0), variance: doubles(1) } : null,
        mean: doubles(0),
        variance: doubles(0),
        invstd: doubles(0),
        sums: { dgamma: doubles(0), dbeta: doubles(0) },
      };
    });
    this.#gamma = built.gamma;
    this.#beta = built.beta;
    this.#dgamma = built.dgamma;
    this.#dbeta = built.dbeta;
    this.#running = built.running;
    this.#variance = built.variance;
    this.#sums = built.sums;
    this.#affine = { mean: built.mean, invstd: built.invstd, gamma: built.gamma, beta: built.beta, activation };
  }

  /** Learned scale, ones at first, shape [C]; null where switched off. */
  get gamma(): Tensor | null {
    return this.#gamma;
  }

  /** Learned shift, zeros at first, shape [C]; null where switched off. */
  get beta(): Tensor | null {
    return this.#beta;
  }

  /** Zeros at first; null where not tracked. A writable view: read it again after any allocation. */
  get runningMean(): Float64Array<ArrayBuffer> | null {
    return this.#running && this.#running.mean.data;
  }

  /** Ones at first; null where not tracked. A writable view: read it again after any allocation. */
  get runningVar(): Float64Array<ArrayBuffer> | null {
    return this.#running && this.#running.variance.data;
  }

  get training(): boolean {
    return this.#training;
  }

  /** From here on batches are normalized by their own statistics and the running ones follow. */
  train(): this {
    this.#training = true;
    return this;
  }

  /** From here on batches are normalized by the running statistics, which stay as they are. */
  eval(): this {
    this.#training = false;
    return this;
  }

  /**
   * y = activation((x - mean) / sqrt(variance + eps) * gamma + beta), per channel.
   * @param x of any layout but "C", with numFeatures channels; in training at least two values a channel, or none
   * @param out takes y; of x's shape and layout. It may be x itself; then `backward` has nothing to go by
   * @returns `out`, or a new tensor
   * @throws TypeError, RangeError for a wrong argument; nothing has changed then
   */
  forward(x: Tensor, out?: Tensor): Tensor {
    this.#checkAlive();
    const input = checkInput(x, this.#kernels, this.#numFeatures);
    const running = this.#training ? null : this.#running;
    if (running === null) checkCount(input, this.#training ? "in training" : "without running statistics");
    const y =
      out === undefined
        ? new FloatTensor(this.#kernels, input.shape, input.layout)
        : checkLikeInput("out", out, input);
    if (input.extents.count > 0) {
      if (running === null) verbs.statistics(this.#affine.mean, this.#variance, input);
      else this.#affine.mean.data.set(running.mean.data);
      verbs.invstd(this.#affine.invstd, running === null ? this.#variance : running.variance, this.#eps);
      verbs.normalize(y, input, this.#affine);
      if (this.#training) this.#updateRunning(input.extents.count);
    }
    this.#x = input;
    this.#frozen = running !== null;
    this.#overwritten = y === input;
    return y;
  }

  /**
   * Gradients through the last forward, whatever the mode is now. x, gamma and beta must be as they were in it.
   * @param dy gradient of the loss with respect to y; of x's shape and layout
   * @param out takes dx; of x's shape and layout. It may be dy itself, but not x
   * @throws TypeError, RangeError for a wrong argument; Error without a forward before
   */
  backward(dy: Tensor, out?: Tensor): Gradients {
    this.#checkAlive();
    const x = this.#x;
    if (x === null) throw new Error("backward needs a forward before it");
    if (this.#overwritten) throw new Error('backward needs the input of forward, which "out" overwrote');
    if (x.disposed) throw new Error("tensor was disposed");
    const gradient = checkLikeInput("dy", dy, x);
    const given = out === undefined ? null : checkLikeInput("out", out, x);
    if (given === x) throw wrongValue("out", 'a tensor other than "x"', '"x"');
    const dx = given ?? new FloatTensor(this.#kernels, x.shape, x.layout);
    const { count } = x.extents;
    if (count === 0) {
      this.#dgamma?.data.fill(0);
      this.#dbeta?.data.fill(0);
    } else {
      const sums = this.#sums;
      if (!this.#frozen || this.#dgamma !== null || this.#dbeta !== null) {
        verbs.gradientSums(sums, gradient, x, this.#affine);
        if (this.#dgamma !== null) verbs.toFloat32(this.#dgamma, sums.dgamma);
        if (this.#dbeta !== null) verbs.toFloat32(this.#dbeta, sums.dbeta);
      }
      verbs.inputGradient(dx, gradient, x, this.#affine, this.#frozen ? null : sums, count);
    }
    if (this.#gradients?.dx !== dx) this.#gradients = { dx, dgamma: this.#dgamma, dbeta: this.#dbeta };
    return this.#gradients;
  }

  /** Copies of what the layer has, under PyTorch's names. */
  stateDict(): StateDict {
    this.#checkAlive();
    const state: StateDict = {};
    if (this.#gamma !== null) state.weight = this.#gamma.data.slice();
    if (this.#beta !== null) state.bias = this.#beta.data.slice();
    if (this.#running !== null) {
      state.running_mean = this.#running.mean.data.slice();
      state.running_var = this.#running.variance.data.slice();
      state.num_batches_tracked = this.numBatchesTracked;
    }
    return state;
  }

  /**
   * Takes the numbers of a state dict that has what the layer has, and no more. `num_batches_tracked` may be missing (old
   * checkpoints): the count stays as it is.
   * @throws TypeError, RangeError for a wrong state; nothing has changed then
   */
  loadStateDict(state: StateDict): void {
    this.#checkAlive();
    const entries = {
      weight: this.#gamma,
      bias: this.#beta,
      running_mean: this.#running && this.#running.mean,
      running_var: this.#running && this.#running.variance,
    };
    const checked = checkState(state, entries, this.#numFeatures);
    for (const [block, values] of checked.values) block.data.set(values);
    if (checked.count !== undefined) this.numBatchesTracked = checked.count;
  }

  /** Gives the layer's memory back; a second call does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#x = null;
    this.#gradients = null;
    const { mean, invstd } = this.#affine;
    for (const block of [this.#gamma, this.#beta, this.#dgamma, this.#dbeta, mean, invstd, this.#variance]) {
      block?.dispose();
    }
    for (const block of [this.#sums.dgamma, this.#sums.dbeta, this.#running?.mean, this.#running?.variance]) {
      block?.dispose();
    }
  }

  /** As `dispose`, for `using`. */
  [dispose](): void {
    this.dispose();
  }

  #checkAlive(): void {
    if (this.#disposed) throw new Error("layer was disposed");
    // gamma and beta are in the caller's hands too.
    if (this.#gamma?.disposed || this.#beta?.disposed) throw new Error("tensor was disposed");
  }

  #updateRunning(count: number): void {
    if (this.#running === null) return;
    this.numBatchesTracked++;
    const factor = this.#momentum ?? 1 / this.numBatchesTracked;
    if (this.#correction === null || this.#corrected !== count) {
      this.#corrected = count;
      this.#correction = this.#unbiased ? count / (count - 1) : 1;
    }
    const { mean, variance } = this.#running;
    verbs.updateRunning(mean, variance, this.#affine.mean, this.#variance, factor, this.#correction);
  }
}
