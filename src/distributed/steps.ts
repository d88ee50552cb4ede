import { unfit } from "../errors.js";
import type { LayerMemory } from "../layer-memory.js";
import { checkInput, checkLikeInput, checkResidual } from "../operands.js";
import * as operations from "../operations.js";
import * as phases from "../phases.js";
import type { Statistics } from "../statistics.js";
import * as step from "../step.js";
import {
  BACKWARD_OPTIONS,
  type BackwardOptions,
  FORWARD_OPTIONS,
  type ForwardOptions,
  optionsIn,
} from "../step-options.js";
import { FloatTensor, type Tensor, together } from "../tensor.js";
import type { Settings } from "./agreement.js";
import { type AllReduce, Reduction, WITHIN } from "./reduction.js";

/**
 * A layer's forward and backward by the statistics of all ranks. Everything that a message may depend on is checked before the
 * first one; the layer, y and dx change after the last one.
 */
export class SynchronisedSteps {
  readonly #reduction: Reduction;
  /** The number of values per channel in the statistics of the last forward, over all ranks. */
  #count = 0;

  constructor(allReduce: AllReduce) {
    this.#reduction = new Reduction(allReduce);
  }

  forward(layer: LayerMemory, x: Tensor, to: Tensor | ForwardOptions | undefined): FloatTensor {
    const { kernels, training, running, addresses } = layer.living();
    // Running statistics need no message.
    if (!training && running !== null) return step.forward(layer, x, to);
    const options = optionsIn(to, FORWARD_OPTIONS);
    const out = options === null ? to : options.out;
    const residual = options?.residual as FloatTensor | null | undefined;
    const input = checkInput(x, kernels, layer.numFeatures);
    const added = checkResidual(residual, input);
    if (input.extents.count > 0) kernels.reserve(input.extents);
    return together((own) => {
      const y = out === undefined ? own(FloatTensor.like(input)) : checkLikeInput("out", out, input);
      const { eps } = layer;
      const used = residual ? [input, y, residual] : [input, y];
      const { count, mean, variance } = this.moments(layer, localStatistics(layer, input), used);
      if (count === 1) throw unfit("x", "at least 2 values per channel over all ranks", "1");
      const isEmpty = input.extents.count === 0;
      if (count > 0) {
        doubles(layer, addresses.mean).set(mean);
        doubles(layer, addresses.variance).set(variance);
        phases.invstd(addresses.invstd, addresses.variance, input, eps);
        follow(layer, count);
        if (!isEmpty) phases.normalize(y, input, added, addresses);
      }
      this.#count = count;
      layer.x = input.handle;
      layer.y = added === operations.ABSENT ? null : y.handle;
      layer.frozen = false;
      layer.overwritten = y === input && !isEmpty;
      return y;
    });
  }

  /** Returns dx. dgamma and dbeta are those of all ranks. */
  backward(layer: LayerMemory, dy: Tensor, to: Tensor | BackwardOptions | undefined): FloatTensor {
    const { addresses, frozen } = layer.living();
    // No result is a sum over the batch.
    if (frozen && layer.dgamma === null && layer.dbeta === null) return step.backward(layer, dy, to);
    const options = optionsIn(to, BACKWARD_OPTIONS);
    const accumulate = step.accumulates(options?.accumulate);
    const [x, y] = [step.inputOf(layer), step.maskOf(layer)];
    const gradient = checkLikeInput("dy", dy, x);
    const given = step.checkResult("out", options === null ? to : options.out, x, y, null);
    const branch = step.checkResult("residualGradient", options?.residualGradient ?? undefined, x, y, given);
    if (branch !== null) step.checkBranch(layer);
    const isEmpty = x.extents.count === 0;
    // The masked gradient needs its own tensor, because the caller's tensors change only after the message.
    const masked = y === null || isEmpty ? null : FloatTensor.like(x);
    try {
      const dz = masked ?? gradient;
      if (masked !== null && y !== null) phases.maskGradient(masked, gradient, y, addresses.activation);
      const affine = masked === null ? addresses : layer.linear;
      return together((own) => {
        const dx = given ?? own(FloatTensor.like(x));
        const sums = localSums(layer, dz, x, affine);
        const used = branch === null ? [x, dz, dx] : [x, dz, dx, branch];
        this.#exchange(layer, used, () => this.#reduction.gradients(sums.dgamma, sums.dbeta));
        doubles(layer, addresses.dgamma).set(sums.dgamma);
        doubles(layer, addresses.dbeta).set(sums.dbeta);
        if (accumulate) {
          layer.dgamma?.add(layer.dgammaSums);
          layer.dbeta?.add(layer.dbetaSums);
        } else {
          layer.dgamma?.data.set(sums.dgamma);
          layer.dbeta?.data.set(sums.dbeta);
        }
        branch?.data.set(dz.data);
        const [dgamma, dbeta] = frozen ? [operations.ABSENT, operations.ABSENT] : [addresses.dgamma, addresses.dbeta];
        if (!isEmpty) phases.inputGradient(dx, dz, x, affine, dgamma, dbeta, this.#count);
        return dx;
      });
    } finally {
      masked?.dispose();
    }
  }

  /** Returns the statistics over all ranks. The `tensors` must not be disposed of during the messages. */
  moments(layer: LayerMemory, local: Statistics, tensors: readonly FloatTensor[] = []) {
    return this.#exchange(layer, tensors, () => this.#reduction.moments(local));
  }

  /** Sends messages. The callback may dispose of anything and use other layers, but not this one. */
  #exchange<T>(layer: LayerMemory, tensors: readonly FloatTensor[], send: () => T): T {
    const { life, gamma, beta, dgamma, dbeta } = layer;
    let result: T;
    life.ended = WITHIN;
    try {
      result = this.#reduction.send(send, () => settingsOf(layer));
    } finally {
      const isDisposed = [gamma, beta, dgamma, dbeta].some((each) => each?.disposed);
      if (life.ended === WITHIN) life.ended = isDisposed ? "tensor was disposed" : null;
    }
    if (life.ended !== null) throw new Error(life.ended);
    if (tensors.some(({ disposed }) => disposed)) throw new Error("tensor was disposed");
    return result;
  }
}

function settingsOf(layer: LayerMemory): Settings {
  return {
    numFeatures: layer.numFeatures,
    gamma: layer.gamma !== null,
    beta: layer.beta !== null,
    trackRunningStats: layer.running !== null,
    runningVariance: layer.correction(2) === 1 ? "population" : "unbiased",
    activation: operations.ACTIVATIONS[layer.addresses.activation],
    eps: layer.eps,
    momentum: layer.momentum,
    training: layer.training,
  };
}

/** Updates the running statistics by those of `count` values per channel. */
function follow(layer: LayerMemory, count: number): void {
  const { kernels, numFeatures, addresses } = layer;
  const { runningMean, runningVar, mean, variance } = addresses;
  const momentum = step.countBatch(layer);
  if (momentum === 0) return;
  const correction = layer.correction(count);
  kernels.exports.updateRunning(runningMean, runningVar, mean, variance, numFeatures, momentum, correction);
}

/** Computes them in the memory of the layer's gradient sums, which only a backward needs. */
function localStatistics(layer: LayerMemory, x: FloatTensor): Statistics {
  const { numFeatures, addresses } = layer;
  const { count } = x.extents;
  if (count === 0) return { count, mean: new Float64Array(numFeatures), variance: new Float64Array(numFeatures) };
  phases.statistics(addresses.dgamma, addresses.dbeta, x);
  return { count, mean: copyOf(layer, addresses.dgamma), variance: copyOf(layer, addresses.dbeta) };
}

/** dgamma and dbeta of this rank's part. */
function localSums(layer: LayerMemory, dy: FloatTensor, x: FloatTensor, affine: operations.Affine) {
  const { numFeatures, addresses } = layer;
  if (x.extents.count === 0) return { dgamma: new Float64Array(numFeatures), dbeta: new Float64Array(numFeatures) };
  phases.gradientSums(addresses.dgamma, addresses.dbeta, dy, x, affine);
  return { dgamma: copyOf(layer, addresses.dgamma), dbeta: copyOf(layer, addresses.dbeta) };
}

/** Per-channel values in the kernels' memory. */
function doubles({ kernels, numFeatures }: LayerMemory, address: number): Float64Array {
  return new Float64Array(kernels.memory.buffer, address, numFeatures);
}

/** The callback's array is never a view of the kernels' memory, which the callback may move. */
function copyOf(layer: LayerMemory, address: number): Float64Array {
  return doubles(layer, address).slice();
}
