import "@tensorflow/tfjs-backend-cpu";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients of operations, which the core's build for Node leaves out
import { expect } from "vitest";
import { conv2DBackpropInput } from "../../src/tfjs/kernels/input-gradient.js";
import { installKernels } from "../../src/tfjs/kernels/register.js";

export async function startWasm(): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
  setWasmPaths(join(dirname(manifest), "wasm-out", "/"));
  await tf.setBackend("wasm");
  await tf.ready();
}

/**
 * Registers the gradients of convolutions with the compositions of the input's gradient at any size: registered by the
 * library alone, they leave small convolutions to the kernel of TensorFlow.js. Returns a function that undoes it.
 */
export function registerCompositions(): () => void {
  const name = "Conv2DBackpropInput";
  const original = tf.getKernel(name, "wasm");
  const undo = installKernels(tf);
  const registered = tf.getKernel(name, "wasm");
  const kernelFunc = conv2DBackpropInput(tf, original.kernelFunc, () => false) as unknown as tf.KernelFunc;
  tf.unregisterKernel(name, "wasm");
  tf.registerKernel({ ...registered, kernelFunc });
  return () => {
    tf.unregisterKernel(name, "wasm");
    tf.registerKernel(registered);
    undo();
  };
}

type Values = ArrayLike<number>;

/** Runs one kernel on `backend`. */
export async function runKernel(
  backend: string,
  kernelName: string,
  inputs: Record<string, [Values, number[]]>,
  attrs: object,
): Promise<Float32Array> {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const tensors = Object.entries(inputs).map(([name, [values, shape]]) => {
      return [name, tf.tensor(Float32Array.from(values), shape)] as const;
    });
    const result = tf.engine().runKernel(kernelName, Object.fromEntries(tensors), attrs as tf.NamedAttrMap);
    return (result as tf.Tensor).dataSync<"float32">();
  });
}

/** Half the spacing of 1 in float32. */
const unit = 2 ** -24;

/**
 * Expects |got - expected| <= γ·absolute, γ = k·u / (1 - k·u): what sums of products, `absolute` the sum of their absolute
 * values, are off by at most if each product passes `roundings` = k roundings to float32 (Higham, Accuracy and Stability
 * of Numerical Algorithms, lemma 3.1). Sums in float64 of n terms are within n·2^-53, which k·k·u·u covers.
 */
export function expectWithin(got: Values, expected: Values, absolute: Values, roundings: number, what: string): void {
  expect(got.length, what).toBe(expected.length);
  const gamma = (roundings * unit) / (1 - roundings * unit);
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i] - expected[i]);
    if (!(error <= gamma * absolute[i])) {
      expect.fail(`${what}, index ${i}: expected ${expected[i]}, got ${got[i]}, bound ${gamma * absolute[i]}`);
    }
  }
}
