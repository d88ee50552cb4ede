import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import plain from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
// The core registers no gradient by itself.
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";

/** Starts TensorFlow.js on its backend wasm, on one thread: minified, its threads do not start. */
export async function startTensorFlow(): Promise<void> {
  const absolute = (url: string) => new URL(url, location.href).href;
  setWasmPaths({
    "tfjs-backend-wasm.wasm": absolute(plain),
    "tfjs-backend-wasm-simd.wasm": absolute(simd),
    "tfjs-backend-wasm-threaded-simd.wasm": absolute(threaded),
  });
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js could not start its backend wasm");
}
