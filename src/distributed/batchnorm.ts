/// <reference lib="esnext.disposable" preserve="true" />
import { type Gradients, gradientsOf, BatchNorm as Layer, memoryOf } from "../batchnorm.js";
import type { Kernels } from "../kernels.js";
import { type BatchNormOptions, OPTIONS } from "../layer-options.js";
import { checkOptions } from "../options.js";
import type { BackwardOptions, ForwardOptions } from "../step-options.js";
import type { Tensor } from "../tensor.js";
import { type AllReduce, checkAllReduce } from "./reduction.js";
import { SynchronisedSteps } from "./steps.js";

export interface DistributedOptions extends BatchNormOptions {
  /**
   * Adds over all ranks: the layer then normalizes by the batch of all ranks together. Absent: the layer is that of
   * `batchnorm-wasm`.
   */
  allReduce?: AllReduce | undefined;
}

/** Returns the object that computes a layer's steps, or null for a layer without `allReduce` and for a Proxy. */
export let stepsOf: (layer: Layer) => SynchronisedSteps | null;

/**
 * The layer of `batchnorm-wasm` for batches that are split over ranks. Parts may differ in size or be empty. y and dx
 * belong to the rank's part; dgamma, dbeta and the running statistics belong to the whole batch and have the same bits
 * on every rank.
 *
 * A forward by the statistics of the batch sends two messages, a forward by running statistics none. A backward sends
 * one, or none if the statistics are constants and there is neither gamma nor beta. Before its first message the layer
 * sends one of 64 values, which compares the ranks' settings and versions. If a call fails on one rank, the others may
 * be one step ahead: restart from a checkpoint.
 */
export class BatchNorm extends Layer {
  static {
    stepsOf = (layer) => (#steps in layer ? layer.#steps : null);
  }

  readonly #steps: SynchronisedSteps | null;

  /**
   * @param numFeatures channels
   * @throws TypeError, RangeError for a wrong argument
   */
  constructor(kernels: Kernels, numFeatures: number, options: DistributedOptions = {}) {
    checkOptions(options, [...OPTIONS, "allReduce"]);
    const { allReduce } = options;
    const steps = allReduce === undefined ? null : new SynchronisedSteps(checkAllReduce(allReduce));
    super(kernels, numFeatures, Object.create(options, { allReduce: { value: undefined } }));
    this.#steps = steps;
  }

  /**
   * The same as in `batchnorm-wasm`, with the mean and variance of the x of all ranks.
   * @param x this rank's part: any number of values per channel, if all ranks have at least two together, or none
   */
  override forward(x: Tensor, to?: Tensor | ForwardOptions): Tensor {
    const steps = stepsOf(this);
    return steps === null ? super.forward(x, to) : steps.forward(memoryOf(this), x, to);
  }

  /** The same as in `batchnorm-wasm`, with dgamma and dbeta of all ranks. */
  override backward(dy: Tensor, to?: Tensor | BackwardOptions): Gradients {
    const steps = stepsOf(this);
    return steps === null ? super.backward(dy, to) : gradientsOf(this, steps.backward(memoryOf(this), dy, to));
  }
}
