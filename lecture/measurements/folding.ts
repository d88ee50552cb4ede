import * as tf from "@tensorflow/tfjs-core";
import { affine, type Layer, Network, variable } from "../training/network.js";
import { BatchNorm } from "../training/normalization.js";

/** Unit roundoff of float32. */
const U = 2 ** -24;

/** `network` with each normalization by running statistics folded into the affine layer before it. Other layers are shared. */
export function foldNorms(network: Network, eps: number): Network {
  const layers = network.layers.flatMap((layer, i) => {
    const norm = network.layers[i + 1];
    if (layer instanceof BatchNorm) return [];
    return [norm instanceof BatchNorm ? foldedLayer(layer.variables[0], norm, eps) : layer];
  });
  return new Network(layers);
}

/** Weights W gamma invstd, whose outputs are the last axis, and bias beta - mean gamma invstd; each rounded once. */
function foldedLayer(weight: tf.Variable, { channels, running, gamma, beta }: BatchNorm, eps: number): Layer {
  const [g, b] = [gamma, beta].map((each) => (each as tf.Variable).dataSync());
  const scale = running.variance.map((value, c) => g[c] / Math.sqrt(value + eps));
  const weights = Float32Array.from(weight.dataSync(), (value, i) => value * scale[i % channels]);
  const layer = affine(variable(weights, weight.shape), channels);
  const bias = Float32Array.from(running.mean, (value, c) => b[c] - value * scale[c]);
  tf.tidy(() => layer.variables[1].assign(tf.tensor1d(bias)));
  return layer;
}

/**
 * Bounds the difference of the logits of a folded network with sigmoids from those of the original by the roundings of
 * float32. In each network an affine layer of n terms errs by n + 4 roundings of the sum of their magnitudes. The
 * normalization errs by the library's 1e-6 of its largest value. A sigmoid has a slope of at most 1/4, and errs by 1e-6
 * itself.
 */
export function foldingBound(folded: Network, images: tf.Tensor): tf.Tensor {
  let x = images;
  let bound = tf.zerosLike(images);
  for (const [i, layer] of folded.layers.entries()) {
    const y = layer.apply(x, "running");
    if (layer.variables.length > 0) {
      const [weight, bias] = layer.variables;
      const sizes = affine(tf.abs(weight) as tf.Variable, null);
      const terms = weight.size / (weight.shape[weight.rank - 1] as number);
      const rounded = tf.mul(tf.add(sizes.apply(tf.abs(x), "running"), tf.abs(bias)), 2 * (terms + 4) * U);
      bound = tf.add(tf.add(sizes.apply(bound, "running"), rounded), tf.mul(tf.max(tf.abs(y)), 1e-6));
    } else if (folded.layers[i - 1]?.variables.length > 0) {
      bound = tf.add(tf.mul(bound, 0.25), 1e-6); // the sigmoid
    } else {
      bound = tf.add(layer.apply(bound, "running"), 4 * U); // flattening, or means
    }
    x = y;
  }
  return bound;
}
