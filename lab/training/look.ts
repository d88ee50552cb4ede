import * as tf from "@tensorflow/tfjs-core";
import { length } from "../../lecture/training/gradients.js";
import type { Mode, Network } from "../../lecture/training/network.js";
import { BatchNorm } from "../../lecture/training/normalization.js";
import type { Channels, Histogram } from "./reports.js";

const BINS = 24;

export function histogram(values: ArrayLike<number>): Histogram {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < from) from = values[i];
    if (values[i] > to) to = values[i];
  }
  const counts = new Array<number>(BINS).fill(0);
  if (!(to >= from) || !Number.isFinite(to - from)) return { from: Number.NaN, to: Number.NaN, counts };
  const perUnit = to > from ? BINS / (to - from) : 0;
  for (let i = 0; i < values.length; i++) {
    // NaN is in no bin.
    if (values[i] >= from) counts[Math.min(BINS - 1, Math.floor((values[i] - from) * perUnit))]++;
  }
  return { from, to, counts };
}

const isAffine = (variables: readonly tf.Variable[]) => variables.length > 0 && variables[0].rank >= 2;

/** Returns the inputs of each layer's weights for these images. */
export function layerInputs(network: Network, images: tf.Tensor, mode: Mode): Histogram[] {
  const inputs: Histogram[] = [];
  tf.tidy(() => {
    network.layers.reduce((x, layer) => {
      if (isAffine(layer.variables)) inputs.push(histogram(x.dataSync()));
      return layer.apply(x, mode);
    }, images);
  });
  return inputs;
}

/** The gradients of weights, of those of all variables. */
export function weightGradients(network: Network, gradients: readonly tf.Tensor[]) {
  return gradients
    .filter((_, i) => network.variables[i].rank >= 2)
    .map((gradient) => ({ gradients: histogram(gradient.dataSync()), length: length([gradient]) }));
}

/** Per hidden layer, of `count`; `where` says which have a batch norm. */
export function channelsOf(network: Network, where: readonly number[], count: number): (Channels | null)[] {
  const norms = network.layers.filter((layer) => layer instanceof BatchNorm);
  const ordered = [...where].sort((a, b) => a - b);
  return Array.from({ length: count }, (_, i) => {
    const norm = norms[ordered.indexOf(i)];
    if (norm === undefined) return null;
    const { gamma, beta, running } = norm;
    return {
      gamma: [...(gamma?.dataSync() ?? [])],
      beta: [...(beta?.dataSync() ?? [])],
      mean: [...running.mean],
      variance: [...running.variance],
    };
  });
}
