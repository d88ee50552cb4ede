import { checkBoolean } from "./arguments.js";
import { unfit } from "./errors.js";
import type { LayerMemory, Moments } from "./layer-memory.js";
import { checkCount, checkInput, checkLikeInput, checkResidual } from "./operands.js";
import * as operations from "./operations.js";
import * as phases from "./phases.js";
import {
  BACKWARD_OPTIONS,
  type BackwardOptions,
  FORWARD_OPTIONS,
  type ForwardOptions,
  optionsIn,
} from "./step-options.js";
import { FloatTensor, type Handle, type Tensor } from "./tensor.js";

/** A layer's forward and backward: checks, and one call of the kernels. */

export function forward(layer: LayerMemory, x: Tensor, to: Tensor | ForwardOptions | undefined): FloatTensor {
  const options = optionsIn(to, FORWARD_OPTIONS);
  const out = options === null ? (to as Tensor | undefined) : options.out;
  const residual = options?.residual;
  const { kernels, training } = layer.living();
  const input = checkInput(x, kernels, layer.numFeatures);
  const frozen = !training && layer.running !== null;
  if (!frozen) checkCount(input, training);
  const isEmpty = input.extents.count === 0;
  const added = checkResidual(residual, input);
  // This comes before y is made, so that a refusal leaves no tensor behind.
  if (!isEmpty) kernels.reserve(input.extents);
  const y = out === undefined ? FloatTensor.like(input) : checkLikeInput("out", out, input);
  if (!isEmpty) {
    if (frozen) infer(layer, y, input, added);
    else train(layer, y, input, added);
  }
  layer.x = input.handle;
  layer.frozen = frozen;
  layer.overwritten = y === input && !isEmpty;
  layer.y = added === operations.ABSENT ? null : y.handle;
  return y;
}

/** Computes y by the statistics of the batch, and updates the running statistics in training. */
function train(layer: LayerMemory, y: FloatTensor, x: FloatTensor, residual: operations.Address): void {
  const momentum = countBatch(layer);
  const correction = layer.correction(x.extents.count);
  operations.forwardTraining(y, x, residual, layer.addresses, momentum !== 0, layer.eps, momentum, correction);
}

/**
 * Returns the batch's weight in the running statistics. With weight 0 the batch has no effect, even if its statistics
 * are NaN.
 */
export function countBatch(layer: LayerMemory): number {
  if (!layer.training || layer.running === null) return 0;
  // The count stops at the largest safe integer.
  if (layer.numBatchesTracked < Number.MAX_SAFE_INTEGER) layer.numBatchesTracked++;
  return layer.momentum ?? 1 / layer.numBatchesTracked;
}

/**
 * Computes y by the running statistics. Backward uses the same values, even if the running statistics change before.
 */
function infer(layer: LayerMemory, y: FloatTensor, x: FloatTensor, residual: operations.Address): void {
  layer.mean.copy((layer.running as Moments).mean);
  operations.forwardInference(y, x, residual, layer.addresses, layer.eps);
}

/** Returns dx. */
export function backward(layer: LayerMemory, dy: Tensor, to: Tensor | BackwardOptions | undefined): FloatTensor {
  const options = optionsIn(to, BACKWARD_OPTIONS);
  const out = options === null ? to : options.out;
  const residualGradient = options?.residualGradient ?? undefined;
  const accumulate = accumulates(options?.accumulate);
  const { dgamma, dbeta, frozen } = layer.living();
  const x = inputOf(layer);
  const y = maskOf(layer);
  const gradient = checkLikeInput("dy", dy, x);
  const given = checkResult("out", out, x, y, null);
  const branch = checkResult("residualGradient", residualGradient, x, y, given);
  if (branch !== null) checkBranch(layer);
  const dx = given ?? FloatTensor.like(x);
  const { count } = x.extents;
  if (count === 0) {
    if (!accumulate) {
      dgamma?.data.fill(0);
      dbeta?.data.fill(0);
    }
    return dx;
  }
  // This is the gradient before the residual is added; backward may read it from dx.
  const dz = branch ?? (y === null ? gradient : dx);
  if (y !== null) phases.maskGradient(dz, gradient, y, layer.addresses.activation);
  else if (dz !== gradient) dz.data.set(gradient.data);
  const addresses = y === null ? layer.addresses : layer.linear;
  if (frozen && dgamma === null && dbeta === null) {
    phases.inputGradient(dx, dz, x, addresses, operations.ABSENT, operations.ABSENT, count);
  } else {
    operations.backward(dx, dz, x, addresses, frozen ? 0 : count, !accumulate);
    if (accumulate) {
      dgamma?.add(layer.dgammaSums);
      dbeta?.add(layer.dbetaSums);
    }
  }
  return dx;
}

/** The option `accumulate`, which is off by default. */
export function accumulates(value: unknown): boolean {
  return value === undefined ? false : checkBoolean("accumulate", value);
}

/** The input of the last forward. */
export function inputOf({ x, overwritten }: LayerMemory): FloatTensor {
  if (x === null) throw new Error("backward needs a forward before it");
  if (overwritten) throw new Error('backward needs the input of forward, which "out" overwrote');
  return living(x);
}

/** The output of the last forward, if dy is to be masked by its sign. */
export function maskOf({ y, addresses }: LayerMemory): FloatTensor | null {
  return y !== null && addresses.activation !== 0 ? living(y) : null;
}

/** Refuses a `residualGradient` without a residual. */
export function checkBranch({ y }: LayerMemory): void {
  if (y === null) throw new Error("backward needs a forward with a residual before it");
}

function living({ tensor }: Handle): FloatTensor {
  if (tensor === null) throw new Error("tensor was disposed");
  return tensor;
}

/**
 * A tensor like x that takes a gradient, if one is given: neither x nor y, where backward reads that, nor another
 * result.
 */
export function checkResult(
  name: string,
  value: unknown,
  x: FloatTensor,
  y: FloatTensor | null,
  out: FloatTensor | null,
): FloatTensor | null {
  if (value === undefined) return null;
  const tensor = checkLikeInput(name, value, x);
  const taken = tensor === x ? '"x"' : tensor === y ? '"y"' : tensor === out ? '"out"' : null;
  if (taken !== null) throw unfit(name, `a tensor other than ${taken}`, taken);
  return tensor;
}
