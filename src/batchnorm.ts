/// <reference lib="esnext.disposable" preserve="true" />

import { checkEps, checkInteger, checkMomentum } from "./arguments.js";
import { proxied } from "./errors.js";
import type { Kernels } from "./kernels.js";
import { LayerMemory } from "./layer-memory.js";
import type { BatchNormOptions } from "./layer-options.js";
import { checkState, type StateDict, type StateDictLike } from "./state.js";
import * as step from "./step.js";
import type { BackwardOptions, ForwardOptions } from "./step-options.js";
import { dispose, type Tensor } from "./tensor.js";

/**
 * The result of backward, as a frozen object. dgamma and dbeta belong to the layer: the next backward overwrites them,
 * or adds to them with `accumulate`.
 */
export interface Gradients {
  readonly dx: Tensor;
  /** Shape [C]; null where the layer has no gamma. */
  readonly dgamma: Tensor | null;
  /** Shape [C]; null where the layer has no beta. */
  readonly dbeta: Tensor | null;
}

/**
 * Returns the memory of a layer; throws for a Proxy of a layer. It is not a static method, because V8 checks the class
 * at each call of a static method.
 */
export let memoryOf: (layer: BatchNorm) => LayerMemory;
/** Returns the layer's gradients with this dx. */
export let gradientsOf: (layer: BatchNorm, dx: Tensor) => Gradients;

/**
 * Batch normalization with its parameters, running statistics and mode (Ioffe and Szegedy 2015). Starts in training
 * mode. Besides the caller's tensors it needs memory for a few values per channel.
 */
export class BatchNorm {
  static {
    memoryOf = (layer) => {
      if (!(#memory in layer)) throw proxied("layer");
      return layer.#memory;
    };
    gradientsOf = (layer, dx) => layer.#gradients.get(dx) ?? layer.#remember(dx, layer.#memory);
  }

  readonly #memory: LayerMemory;
  /** The results of backward, reused for the same dx. The layer does not keep a dx alive. */
  #gradients = new WeakMap<Tensor, Gradients>();

  /**
   * @param numFeatures channels
   * @throws TypeError, RangeError for a wrong argument
   */
  constructor(kernels: Kernels, numFeatures: number, options: BatchNormOptions = {}) {
    this.#memory = new LayerMemory(kernels, numFeatures, options);
  }

  /** Learned scale of shape [C], initially 1; null if switched off. */
  get gamma(): Tensor | null {
    return memoryOf(this).gamma;
  }

  /** Learned shift of shape [C], initially 0; null if switched off. */
  get beta(): Tensor | null {
    return memoryOf(this).beta;
  }

  /** Shape [C], float64, initially 0; null if not tracked. A writable view: read it again after any allocation. */
  get runningMean(): Float64Array | null {
    return memoryOf(this).running?.mean.data ?? null;
  }

  /** Shape [C], float64, initially 1; null if not tracked. A writable view: read it again after any allocation. */
  get runningVar(): Float64Array | null {
    return memoryOf(this).running?.variance.data ?? null;
  }

  /**
   * The number of training batches, without empty ones. Writable: with momentum null it determines the weight of the
   * next batch.
   */
  get numBatchesTracked(): number {
    return memoryOf(this).numBatchesTracked;
  }

  /** @throws TypeError, RangeError for anything but an integer >= 0 */
  set numBatchesTracked(count: number) {
    memoryOf(this).numBatchesTracked = checkInteger("numBatchesTracked", count, 0);
  }

  /**
   * Added to the variance under the root. Writable: the next forward uses the new value. Backward uses the value of the
   * most recent forward.
   */
  get eps(): number {
    return memoryOf(this).eps;
  }

  /** @throws TypeError, RangeError for anything but a number >= 0 */
  set eps(eps: number) {
    memoryOf(this).eps = checkEps(eps);
  }

  /** Weight of the next batch in the running statistics; null for a cumulative average. Writable. */
  get momentum(): number | null {
    return memoryOf(this).momentum;
  }

  /** @throws TypeError, RangeError for anything but null or a number in [0, 1] */
  set momentum(momentum: number | null) {
    memoryOf(this).momentum = checkMomentum(momentum);
  }

  get training(): boolean {
    return memoryOf(this).training;
  }

  /** Switches to training: forward normalizes by the statistics of the batch and updates the running statistics. */
  train(): this {
    memoryOf(this).training = true;
    return this;
  }

  /** Switches to inference: forward normalizes by the running statistics and does not change them. */
  eval(): this {
    memoryOf(this).training = false;
    return this;
  }

  /**
   * y = activation((x - mean) / sqrt(variance + eps) * gamma + beta + residual), per channel.
   * @param x of any layout but "C", with numFeatures channels; in training at least two values per channel, or none
   * @param to takes y: a tensor of x's shape and layout, or options with that as `out`. It may be x itself, but then
   * `backward` throws
   * @returns `out`, or a new tensor
   * @throws TypeError, RangeError for a wrong argument; nothing has changed then
   */
  forward(x: Tensor, to?: Tensor | ForwardOptions): Tensor {
    return step.forward(memoryOf(this), x, to);
  }

  /**
   * Gradients of the most recent forward, in any mode. x, gamma and beta must not have changed since then. After a
   * residual with an activation y must not have changed either, because its sign is the mask of dy. With the option
   * `accumulate` dgamma and dbeta add up over several calls, for example over micro-batches.
   * @param dy gradient of the loss with respect to y; of x's shape and layout
   * @param to takes dx: a tensor of x's shape and layout, or options with that as `out`. It may be dy itself, but not
   * x, nor a y that must not change
   * @throws TypeError, RangeError for a wrong argument; Error without an earlier forward, or for a `residualGradient`
   * after a forward without a residual
   */
  backward(dy: Tensor, to?: Tensor | BackwardOptions): Gradients {
    return gradientsOf(this, step.backward(memoryOf(this), dy, to));
  }

  /** Copies of the parameters and running statistics, under PyTorch's names. */
  stateDict(): StateDict {
    const { gamma, beta, running } = memoryOf(this).living();
    const state: StateDict = {};
    if (gamma !== null) state.weight = gamma.data.slice();
    if (beta !== null) state.bias = beta.data.slice();
    if (running !== null) {
      state.running_mean = running.mean.data.slice();
      state.running_var = running.variance.data.slice();
      state.num_batches_tracked = this.numBatchesTracked;
    }
    return state;
  }

  /**
   * Copies the numbers of a state dict, which must have exactly the entries of this layer. Only `num_batches_tracked`
   * may be missing, as in old checkpoints: the count then stays.
   * @throws TypeError, RangeError for a wrong state; nothing has changed then
   */
  loadStateDict(state: StateDictLike): void {
    const { gamma, beta, running, numFeatures } = memoryOf(this).living();
    const entries = {
      weight: gamma,
      bias: beta,
      running_mean: running?.mean ?? null,
      running_var: running?.variance ?? null,
    };
    const checked = checkState(state, entries, numFeatures);
    memoryOf(this).living(); // a getter of the state may have disposed of the layer
    for (const [block, values] of checked.values) block.data.set(values);
    if (checked.count !== undefined) this.numBatchesTracked = checked.count;
  }

  /** Frees the layer's memory; a second call does nothing. */
  dispose(): void {
    memoryOf(this).dispose();
  }

  /** The same as `dispose`, for `using`. */
  [dispose](): void {
    this.dispose();
  }

  #remember(dx: Tensor, { dgamma, dbeta }: LayerMemory): Gradients {
    const gradients = Object.freeze({ dx, dgamma, dbeta });
    this.#gradients.set(dx, gradients);
    return gradients;
  }
}
