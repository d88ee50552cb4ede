import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { batchNormInference, batchNormTraining, install } from "batchnorm-wasm/tfjs";
import { BatchNormalization } from "batchnorm-wasm/tfjs/layers";

export async function step(x: tf.Tensor4D): Promise<tf.Tensor4D> {
  const uninstall: () => void = await install(tf, { layers, singleValue: "pass" });
  const { y, mean, variance } = batchNormTraining(x, null, tf.zeros([3]), { axis: 1, eps: 1e-5 });
  const layer: layers.Layer = new BatchNormalization({ axis: 1, momentum: 0.9 });
  layer.apply(y, { training: true });
  // @ts-expect-error: an option that does not exist
  new BatchNormalization({ channels: 3 });
  uninstall();
  return batchNormInference(y, mean, variance);
}
