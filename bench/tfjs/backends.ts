import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

export { tf, tfl };

export type Backend = "wasm" | "cpu";

/**
 * Makes one of the backends current. The wasm backend is its single-threaded SIMD build in Node.js and in pages that
 * are not isolated. The caller must set the paths of its binaries before.
 */
export async function useBackend(name: Backend): Promise<void> {
  tf.env().set("PROD", true); // no greeting
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its backend ${name}`);
}

/** Returns the values, read outside of any `tf.tidy`. */
export function read(tensor: tf.Tensor): Float32Array {
  return tensor.dataSync<"float32">();
}
