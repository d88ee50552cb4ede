import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

export { tf, tfl };

export type Backend = "wasm" | "cpu";

/** Makes one of the backends current; in Node.js the wasm backend is its single-threaded SIMD build. */
export async function useBackend(name: Backend): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
  setWasmPaths(join(dirname(manifest), "wasm-out", "/"));
  tf.env().set("PROD", true); // no greeting
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its backend ${name}`);
}

/** The values, read outside of any scope. */
export function read(tensor: tf.Tensor): Float32Array {
  return tensor.dataSync<"float32">();
}
