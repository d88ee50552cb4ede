import type * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import type { Normalizer } from "./network.js";

/** The batch normalization of TensorFlow.js with the constants used here; its momentum is the weight of the old value. */
export function tfjsLayer(): Normalizer {
  const layer = layers.batchNormalization({ axis: -1, momentum: 0.9, epsilon: 1e-5 });
  return {
    apply: (x, training) => layer.apply(x, { training }) as tf.Tensor,
    dispose: () => {
      layer.dispose();
    },
  };
}
