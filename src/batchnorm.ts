/// <reference lib="esnext.disposable" preserve="true" />

import { checkEps, checkInteger, checkMomentum } from "./arguments.js";
import { proxied, unfit } from "./errors.js";
import type { Kernels } from "./kernels.js";
import { type BatchNormOptions, LayerMemory } from "./layer-memory.js";
import { checkCount, checkInput, checkLikeInput } from "./operands.js";
import * as operations from "./operations.js";
import type { RunningStatistics } from "./running-statistics.js";
import { checkState, type StateDict, type StateDictLike } from "./state.js";
import { dispose, FloatTensor, type Handle, type Tensor } from "./tensor.js";

/** The gradients of a loss, frozen. dgamma and dbeta belong to the layer: the next backward overwrites them. */
export interface Gradients {
  readonly dx: Tensor;
  /** Shape [C]; null where the layer has no gamma. */
  readonly dgamma: Tensor | null;
  /** Shape [C]; null where the layer has no beta. */
  readonly dbeta: Tensor | null;
}

/**
 * Batch normalization with its parameters, running statistics and mode (Ioffe and Szegedy 2015). Starts in training mode.
 * Besides the caller's tensors it holds a few values a channel.
 */
export class BatchNorm {
  readonly #memory: LayerMemory;
  #training = true;
  /** The input of the last forward. */
  #x: Handle | null = null;
  /** Whether the last forward used running statistics, which are constants to its backward. */
  #frozen = false;
  /** Whether the last forward wrote y over x. */
  #overwritten = false;
  /** The results of backward, given again for the same dx. They go with it: the layer does not keep a dx alive. */
  #gradients = new WeakMap<FloatTensor, Gradients>();
  #numBatchesTracked = 0;

  /**
   * @param numFeatures channels
   * @throws TypeError, RangeError for a wrong argument
   */
  constructor(kernels: Kernels, numFeatures: number, options: BatchNormOptions = {}) {
    this.#memory = new LayerMemory(kernels, numFeatures, options);
  }

  /** Learned scale, ones at first, shape [C]; null where switched off. */
  get gamma(): Tensor | null {
    return BatchNorm.#of(this).#memory.affine.gamma;
  }

  /** Learned shift, zeros at first, shape [C]; null where switched off. */
  get beta(): Tensor | null {
    return BatchNorm.#of(this).#memory.affine.beta;
  }

  /** Zeros at first; null where not tracked. A writable view: read it again after any allocation. */
  get runningMean(): Float64Array | null {
    return BatchNorm.#of(this).#memory.running?.mean.data ?? null;
  }

  /** Ones at first; null where not tracked. A writable view: read it again after any allocation. */
  get runningVar(): Float64Array | null {
    return BatchNorm.#of(this).#memory.running?.variance.data ?? null;
  }

  /** Training batches seen, empty ones aside. Writable: with momentum null it weighs the next batch. */
  get numBatchesTracked(): number {
    return BatchNorm.#of(this).#numBatchesTracked;
  }

  /** @throws TypeError, RangeError for anything but an integer >= 0 */
  set numBatchesTracked(count: number) {
    BatchNorm.#of(this).#numBatchesTracked = checkInteger("numBatchesTracked", count, 0);
  }

  /** Added to the variance under the root. Writable: the next forward takes it; a backward goes by the forward before it. */
  get eps(): number {
    return BatchNorm.#of(this).#memory.eps;
  }

  /** @throws TypeError, RangeError for anything but a number >= 0 */
  set eps(eps: number) {
    BatchNorm.#of(this).#memory.eps = checkEps(eps);
  }

  /** Weight of the next batch in the running statistics; null for a cumulative average. Writable. */
  get momentum(): number | null {
    return BatchNorm.#of(this).#memory.momentum;
  }

  /** @throws TypeError, RangeError for anything but null or a number in [0, 1] */
  set momentum(momentum: number | null) {
    BatchNorm.#of(this).#memory.momentum = checkMomentum(momentum);
  }

  get training(): boolean {
    return BatchNorm.#of(this).#training;
  }

  /** From here on batches are normalized by their own statistics and the running ones follow. */
  train(): this {
    BatchNorm.#of(this).#training = true;
    return this;
  }

  /** From here on batches are normalized by the running statistics, which stay as they are. */
  eval(): this {
    BatchNorm.#of(this).#training = false;
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
    const memory = BatchNorm.#of(this).#alive();
    const { kernels, numFeatures, affine, variance, eps } = memory;
    const input = checkInput(x, kernels, numFeatures);
    const running = this.#training ? null : memory.running;
    if (running === null) checkCount(input, this.#training ? "in training" : "without running statistics");
    // Before y, so that a refusal leaves nothing behind.
    kernels.scratch(numFeatures);
    const y =
      out === undefined ? new FloatTensor(kernels, input.shape, input.layout) : checkLikeInput("out", out, input);
    if (input.extents.count > 0) {
      if (running === null) operations.statistics(affine.mean, variance, input);
      else affine.mean.copy(running.mean);
      operations.invstd(affine.invstd, running === null ? variance : running.variance, eps);
      operations.normalize(y, input, affine);
      if (this.#training && memory.running !== null) this.#follow(memory, memory.running, input.extents.count);
    }
    this.#x = input.handle;
    this.#frozen = running !== null;
    this.#overwritten = y === input && input.extents.count > 0;
    return y;
  }

  /**
   * Gradients through the last forward, whatever the mode is now. x, gamma and beta must be as they were in it.
   * @param dy gradient of the loss with respect to y; of x's shape and layout
   * @param out takes dx; of x's shape and layout. It may be dy itself, but not x
   * @throws TypeError, RangeError for a wrong argument; Error without a forward before
   */
  backward(dy: Tensor, out?: Tensor): Gradients {
    const { kernels, affine, sums, dgamma, dbeta } = BatchNorm.#of(this).#alive();
    if (this.#x === null) throw new Error("backward needs a forward before it");
    if (this.#overwritten) throw new Error('backward needs the input of forward, which "out" overwrote');
    const x = this.#x.tensor;
    if (x === null) throw new Error("tensor was disposed");
    const gradient = checkLikeInput("dy", dy, x);
    const given = out === undefined ? null : checkLikeInput("out", out, x);
    if (given === x) throw unfit("out", 'a tensor other than "x"', '"x"');
    const dx = given ?? new FloatTensor(kernels, x.shape, x.layout);
    const { count } = x.extents;
    if (count === 0) {
      dgamma?.data.fill(0);
      dbeta?.data.fill(0);
    } else {
      if (!this.#frozen || dgamma !== null || dbeta !== null) {
        operations.gradientSums(sums, gradient, x, affine);
        if (dgamma !== null) operations.toFloat32(dgamma, sums.dgamma);
        if (dbeta !== null) operations.toFloat32(dbeta, sums.dbeta);
      }
      operations.inputGradient(dx, gradient, x, affine, this.#frozen ? null : sums, count);
    }
    return this.#gradients.get(dx) ?? this.#remember(Object.freeze({ dx, dgamma, dbeta }), dx);
  }

  /** Copies of what the layer has, under PyTorch's names. */
  stateDict(): StateDict {
    const { affine, running } = BatchNorm.#of(this).#alive();
    const state: StateDict = {};
    if (affine.gamma !== null) state.weight = affine.gamma.data.slice();
    if (affine.beta !== null) state.bias = affine.beta.data.slice();
    if (running !== null) {
      state.running_mean = running.mean.data.slice();
      state.running_var = running.variance.data.slice();
      state.num_batches_tracked = this.numBatchesTracked;
    }
    return state;
  }

  /**
   * Takes the numbers of a state dict that has what the layer has, and no more. `num_batches_tracked` may be missing (old
   * checkpoints): the count stays as it is.
   * @throws TypeError, RangeError for a wrong state; nothing has changed then
   */
  loadStateDict(state: StateDictLike): void {
    const { affine, running, numFeatures } = BatchNorm.#of(this).#alive();
    const entries = {
      weight: affine.gamma,
      bias: affine.beta,
      running_mean: running?.mean ?? null,
      running_var: running?.variance ?? null,
    };
    const checked = checkState(state, entries, numFeatures);
    this.#alive(); // a getter of the state may have disposed of something
    for (const [block, values] of checked.values) block.data.set(values);
    if (checked.count !== undefined) this.numBatchesTracked = checked.count;
  }

  /** Gives the layer's memory back; a second call does nothing. */
  dispose(): void {
    BatchNorm.#of(this).#memory.dispose();
    this.#x = null;
  }

  /** As `dispose`, for `using`. */
  [dispose](): void {
    this.dispose();
  }

  /** A layer; throws where it is a Proxy of one. */
  static #of(layer: BatchNorm): BatchNorm {
    if (!(#memory in layer)) throw proxied("layer");
    return layer;
  }

  #remember(gradients: Gradients, dx: FloatTensor): Gradients {
    this.#gradients.set(dx, gradients);
    return gradients;
  }

  #follow(memory: LayerMemory, running: RunningStatistics, count: number): void {
    // At the largest integer the count stays: the next one could not be told from it.
    if (this.#numBatchesTracked < Number.MAX_SAFE_INTEGER) this.#numBatchesTracked++;
    const { affine, variance, momentum, unbiased } = memory;
    running.update(affine.mean, variance, momentum ?? 1 / this.#numBatchesTracked, unbiased ? count : null);
  }

  /** The layer's memory, if it and the tensors in the caller's hands were not disposed. */
  #alive(): LayerMemory {
    const memory = this.#memory;
    if (memory.disposed) throw new Error("layer was disposed");
    const { affine, dgamma, dbeta } = memory;
    if (affine.gamma?.disposed || affine.beta?.disposed || dgamma?.disposed || dbeta?.disposed) {
      throw new Error("tensor was disposed");
    }
    return memory;
  }
}
