import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../../examples/common/batches.js";
import type { Mode, Network } from "./network.js";
import { crossEntropy } from "./train.js";

export interface Gradients {
  /** Mean cross entropy of the batch. */
  readonly loss: number;
  /** A gradient for each of the network's variables, in their order. The caller disposes of them. */
  readonly values: readonly tf.Tensor[];
}

export function gradientsOf(network: Network, batch: Batch, mode: Mode): Gradients {
  const { variables } = network;
  const { value, grads } = tf.variableGrads(
    () => crossEntropy(network.forward(batch.images, mode), batch.oneHot),
    variables,
  );
  const loss = value.dataSync()[0];
  value.dispose();
  return { loss, values: variables.map(({ name }) => grads[name]) };
}

/** w -= rate * dw */
export function descend(variables: readonly tf.Variable[], gradients: readonly tf.Tensor[], rate: number): void {
  tf.tidy(() => {
    for (const [i, variable] of variables.entries()) variable.assign(tf.sub(variable, tf.mul(gradients[i], rate)));
  });
}

/** Values of variables, to be put back by `restore`, which leaves them to the caller. */
export function copies(variables: readonly tf.Variable[]): tf.Tensor[] {
  return variables.map((variable) => tf.clone(variable));
}

export function restore(variables: readonly tf.Variable[], values: readonly tf.Tensor[]): void {
  for (const [i, variable] of variables.entries()) variable.assign(values[i] as typeof variable);
}

/** Sum of a * b over all values of all tensors, in double precision. */
export function inner(a: readonly tf.Tensor[], b: readonly tf.Tensor[]): number {
  let sum = 0;
  for (const [t, tensor] of a.entries()) {
    const [left, right] = [tensor.dataSync(), b[t].dataSync()];
    for (let i = 0; i < left.length; i++) sum += left[i] * right[i];
  }
  return sum;
}

/** Euclidean length of all values together. */
export function length(tensors: readonly tf.Tensor[]): number {
  return Math.sqrt(inner(tensors, tensors));
}

/** Euclidean length of a - b. */
export function distance(a: readonly tf.Tensor[], b: readonly tf.Tensor[]): number {
  let sum = 0;
  for (const [t, tensor] of a.entries()) {
    const [left, right] = [tensor.dataSync(), b[t].dataSync()];
    for (let i = 0; i < left.length; i++) sum += (left[i] - right[i]) ** 2;
  }
  return Math.sqrt(sum);
}
