import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients of operations, which the core's build for Node leaves out
import { installKernels } from "batchnorm-wasm/tfjs";

/** Starts TensorFlow.js on its WebAssembly backend, able to train convolutions. */
export async function startTfjs(): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
  setWasmPaths(join(dirname(manifest), "wasm-out", "/"));
  if (!(await tf.setBackend("wasm"))) {
    throw new Error("TensorFlow.js could not start its wasm backend");
  }
  await tf.ready();
  installKernels(tf);
}
