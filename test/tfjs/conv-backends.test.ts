import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { installKernels } from "../../src/tfjs/kernels/register.js";
import { startWasm } from "./conv-support.js";

const heapBytes = () => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.byteLength;

/** x and dy of [2, size, size, 16] on a backend. */
async function inputs(backend: string, size: number): Promise<{ x: tf.Tensor; dy: tf.Tensor }> {
  await tf.setBackend(backend);
  const shape = [2, size, size, 16];
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => (i * i) % 3);
  return { x: tf.tensor(values, shape), dy: tf.tensor(values.toReversed(), shape) };
}

it("gradients of convolutions are the same for inputs on another backend, though the memory grows when they are moved", async () => {
  tf.env().set("PROD", true); // no greeting
  await startWasm();
  const undo = installKernels(tf);
  const run = ({ x, dy }: { x: tf.Tensor; dy: tf.Tensor }): Buffer => {
    const attrs = { strides: 1, pad: "same", dilations: 1, filterShape: [3, 3, 16, 1] } as unknown as tf.NamedAttrMap;
    const dw = tf.engine().runKernel("DepthwiseConv2dNativeBackpropFilter", { x, dy }, attrs) as tf.Tensor;
    return Buffer.from(dw.dataSync().slice().buffer);
  };
  const before = heapBytes();
  // Each as large as the memory is.
  const size = Math.ceil(Math.sqrt(before / (2 * 16 * 4)));
  const elsewhere = await inputs("cpu", size);
  await tf.setBackend("wasm");
  const got = run(elsewhere);
  expect(heapBytes()).toBeGreaterThan(before);
  expect(got.equals(run(await inputs("wasm", size)))).toBe(true);
  undo();
});
