import { unfit } from "./errors.js";
import type { LayerMemory, Moments } from "./layer-memory.js";
import { checkCount, checkInput, checkLikeInput } from "./operands.js";
import * as operations from "./operations.js";
import { FloatTensor, type Tensor } from "./tensor.js";

/** A layer's forward and backward: checks, and one call of the kernels. */

export function forward(layer: LayerMemory, x: Tensor, out: Tensor | undefined): FloatTensor {
  const { kernels, training } = layer;
  const input = checkInput(x, kernels, layer.numFeatures);
  const frozen = !training && layer.running !== null;
  if (!frozen) checkCount(input, training);
  const isEmpty = input.extents.count === 0;
  // Before y, so that a refusal leaves nothing behind.
  if (!isEmpty) kernels.reserve(input.extents);
  const y = out === undefined ? FloatTensor.like(input) : checkLikeInput("out", out, input);
  if (!isEmpty) {
    if (frozen) infer(layer, y, input);
    else train(layer, y, input);
  }
  layer.x = input.handle;
  layer.frozen = frozen;
  layer.overwritten = y === input && !isEmpty;
  return y;
}

/** y by the batch's own statistics, which the running ones follow in training. */
function train(layer: LayerMemory, y: FloatTensor, x: FloatTensor): void {
  let follows = layer.training && layer.running !== null;
  let momentum = 0;
  let correction = 1;
  if (follows) {
    // At the largest integer the count stays: the next one could not be told from it.
    if (layer.numBatchesTracked < Number.MAX_SAFE_INTEGER) layer.numBatchesTracked++;
    momentum = layer.momentum ?? 1 / layer.numBatchesTracked;
    correction = layer.correction(x.extents.count);
    // With 0 the batch does not count, not even where it is not a number.
    follows = momentum !== 0;
  }
  operations.forwardTraining(y, x, layer.addresses, follows, layer.eps, momentum, correction);
}

/** y by the running statistics. Backward goes by them, even if they change until then. */
function infer(layer: LayerMemory, y: FloatTensor, x: FloatTensor): void {
  layer.mean.copy((layer.running as Moments).mean);
  operations.forwardInference(y, x, layer.addresses, layer.eps);
}

/** Returns dx. */
export function backward(layer: LayerMemory, dy: Tensor, out: Tensor | undefined): FloatTensor {
  const { addresses, dgamma, dbeta, frozen } = layer;
  const x = inputOf(layer);
  const gradient = checkLikeInput("dy", dy, x);
  const given = out === undefined ? null : checkLikeInput("out", out, x);
  if (given === x) throw unfit("out", 'a tensor other than "x"', '"x"');
  const dx = given ?? FloatTensor.like(x);
  const { count } = x.extents;
  if (count === 0) {
    dgamma?.data.fill(0);
    dbeta?.data.fill(0);
  } else if (frozen && dgamma === null && dbeta === null) {
    operations.inputGradient(dx, gradient, x, addresses, operations.ABSENT, operations.ABSENT, count);
  } else {
    operations.backward(dx, gradient, x, addresses, frozen ? 0 : count);
  }
  return dx;
}

/** The input of the last forward. */
function inputOf({ x, overwritten }: LayerMemory): FloatTensor {
  if (x === null) throw new Error("backward needs a forward before it");
  if (overwritten) throw new Error('backward needs the input of forward, which "out" overwrote');
  if (x.tensor === null) throw new Error("tensor was disposed");
  return x.tensor;
}
