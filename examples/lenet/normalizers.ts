import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { BatchNormalization } from "batchnorm-wasm/tfjs/layers";
import type { Normalizer } from "./network.js";

/** The momentum is the weight of the old value. */
const options = { axis: -1, momentum: 0.9, epsilon: 1e-5 };

/** Makes the layer of batchnorm-wasm for inputs with `rank` axes. The last axis has the channels. */
export function ourLayer(channels: number, rank: number): Normalizer {
  return normalizer(new BatchNormalization(options), channels, rank);
}

/** The layer of TensorFlow.js, which is otherwise the same. */
export function tfjsLayer(channels: number, rank: number): Normalizer {
  return normalizer(layers.batchNormalization(options), channels, rank);
}

function normalizer(layer: layers.Layer, channels: number, rank: number): Normalizer {
  layer.build([...Array<null>(rank - 1).fill(null), channels]);
  return {
    apply: (x, training) => layer.apply(x, { training }) as tf.Tensor,
    dispose: () => tf.dispose(layer.getWeights()),
  };
}
