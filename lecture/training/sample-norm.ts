import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { type Layer, variable } from "./network.js";

const EPS = 1e-5;

export type SampleKind = "layer" | "instance" | "group";

/** Returns the number of groups of a sample's channels. Each group has its own statistics. */
export function groupsOf(kind: SampleKind, channels: number): number {
  return kind === "layer" ? 1 : kind === "instance" ? channels : 2;
}

/**
 * Computes xhat by the statistics of each sample, for x with channels last. For the kernels every group of every sample
 * is a channel: x has the shape [samples * groups, values] with the channels at axis 0. One group needs no copy.
 * Several groups need their channels before the positions, as in NCHW.
 */
export function normalizeSamples(x: tf.Tensor, kind: SampleKind, eps = EPS): tf.Tensor {
  const channels = x.shape[x.rank - 1] as number;
  const groups = groupsOf(kind, channels);
  const normalize = (x: tf.Tensor) =>
    tf.reshape(batchNormTraining(tf.reshape(x, [x.shape[0] * groups, -1]), null, null, { axis: 0, eps }).y, x.shape);
  if (groups === 1) return normalize(x);
  const axes = x.shape.map((_, i) => i);
  const [channelsFirst, channelsLast] = [
    [0, x.rank - 1, ...axes.slice(1, -1)],
    [0, ...axes.slice(2), 1],
  ];
  return tf.transpose(normalize(tf.transpose(x, channelsFirst)), channelsLast);
}

/** Layer, instance or group (of two) normalization with gamma and beta per channel, the last axis; the same in all modes. */
export class SampleNorm implements Layer {
  readonly variables: readonly [gamma: tf.Variable, beta: tf.Variable];
  readonly #kind: SampleKind;

  constructor(channels: number, kind: SampleKind) {
    const [ones, zeros] = [new Float32Array(channels).fill(1), new Float32Array(channels)];
    this.variables = [variable(ones, [channels]), variable(zeros, [channels])];
    this.#kind = kind;
  }

  apply(x: tf.Tensor): tf.Tensor {
    const [gamma, beta] = this.variables;
    return tf.add(tf.mul(normalizeSamples(x, this.#kind), gamma), beta);
  }
}
