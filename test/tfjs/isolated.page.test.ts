/// <reference types="vite/client" />
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { install, status, uninstall } from "../../src/tfjs/index.js";
import { caseOf } from "../helpers/cases.js";
import { expectClose } from "../helpers/compare.js";
import { expectation, problemOf } from "../helpers/problem.js";

/** TensorFlow.js in a page: where that is cross-origin isolated, its wasm backend has threads and its heap is shared memory. */

setWasmPaths({
  "tfjs-backend-wasm.wasm": plain,
  "tfjs-backend-wasm-simd.wasm": simd,
  "tfjs-backend-wasm-threaded-simd.wasm": threaded,
});
tf.env().set("PROD", true); // no greeting

const p = problemOf(caseOf("NHWC 2x9x31x5 train gamma beta"), { eps: 1e-3 });
let atOnce: readonly unknown[];

beforeAll(async () => {
  expect(await tf.setBackend("wasm")).toBe(true);
  atOnce = [vi.spyOn(WebAssembly, "Module"), vi.spyOn(WebAssembly, "Instance")];
  await install(tf, { layers });
});
afterAll(() => {
  uninstall();
  vi.restoreAllMocks();
});

const heap = () => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.buffer;

describe("the wasm backend in a page", () => {
  it("shares its heap where the page is isolated", () => {
    expect(Object.prototype.toString.call(heap())).toBe(
      inject("isolated") ? "[object SharedArrayBuffer]" : "[object ArrayBuffer]",
    );
  });

  it("has the kernels work in its heap all the same", () => {
    expect(status(tf).wasm).toEqual({ how: "zero copy", reason: "the kernels work in the memory of the backend" });
  });

  it("compiles nothing at once", () => {
    for (const spy of atOnce) expect(spy).not.toHaveBeenCalled();
  });

  it("gives the results of the reference, before and after its heap has grown", () => {
    const want = expectation(p);
    const layer = layers.batchNormalization({ epsilon: p.eps });
    const channels = p.shape[3];
    layer.build([...p.shape]);
    const step = () => {
      const [x, dy] = [p.x, p.dy].map((values) => tf.tensor4d(values, p.shape as [number, number, number, number]));
      const vectors = [p.gamma, p.beta].map((values) => tf.tensor1d(values as Float32Array));
      layer.setWeights([...vectors, tf.zeros([channels]), tf.ones([channels])]);
      const backend = tf.backend();
      const [readSync, write] = [vi.spyOn(backend, "readSync"), vi.spyOn(backend, "write")];
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor)(x, dy);
      expect(readSync).not.toHaveBeenCalled();
      // y, the moving mean and variance, dx, dgamma, dbeta: no value is copied into them.
      expect(write.mock.calls.map(([values]) => values)).toEqual(Array(6).fill(null));
      for (const spy of [readSync, write]) spy.mockRestore();
      expectClose(p.line, "y", value.dataSync<"float32">(), want.y);
      expectClose(p.line, "dx", grad.dataSync<"float32">(), want.dx);
      tf.dispose([x, dy, value, grad, vectors]);
    };
    step();
    const bytes = heap().byteLength;
    const large = tf.zeros([bytes / 4]);
    expect(heap().byteLength).toBeGreaterThan(bytes);
    step();
    large.dispose();
    tf.dispose(layer.getWeights());
  });
});
