import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { installKernels } from "../../src/tfjs/kernels/register.js";
import { startWasm } from "./conv-support.js";

beforeAll(startWasm);

describe("a replaced kernel calls the original", () => {
  const ones = (shape: number[]) => tf.ones<tf.Rank.R4>(shape as never);
  const padding = [
    [0, 0],
    [1, 1],
    [0, 2],
    [0, 0],
  ] as [number, number][];
  const dense = (n: number) => () =>
    void tf.engine().runKernel(
      "BatchMatMul",
      { a: tf.ones([n, 32]), b: tf.ones([32, 32]) },
      {
        transposeA: false,
        transposeB: true,
      },
    );
  it.each([
    ["Conv2D", () => tf.conv2d(ones([1, 7, 7, 2]), ones([3, 3, 2, 2]), 2, "same"), true],
    ["Conv2D", () => tf.conv2d(ones([1, 7, 7, 2]), ones([3, 3, 2, 2]), 2, "valid"), true],
    ["Conv2D", () => tf.conv2d(ones([1, 7, 7, 2]), ones([3, 3, 2, 2]), 1, padding as never), true],
    ["MaxPool", () => tf.maxPool(ones([1, 7, 7, 2]), 3, 2, "same"), true],
    ["MaxPool", () => tf.maxPool(ones([1, 7, 7, 2]), 1, 2, "valid"), true],
    ["MaxPool", () => tf.maxPool(ones([1, 7, 7, 2]), 1, 2, 1), false],
    ["AvgPool", () => tf.avgPool(ones([1, 7, 7, 2]), 2, 2, "same"), true],
    ["AvgPool", () => tf.avgPool(ones([1, 7, 7, 2]), 2, 2, 0, "ceil"), false],
    ["AvgPoolGrad", () => averageGradient(3, 1, "valid"), true],
    ["AvgPoolGrad", () => averageGradient(3, 1, "same"), false],
    ["AvgPoolGrad", () => averageGradient(2, 2, "valid"), false],
    ["BatchMatMul", dense(8), true],
    ["BatchMatMul", dense(32), false],
  ] as const)("%s, %s: %s", (name, run, expected) => {
    const original = tf.getKernel(name, "wasm");
    const kernelFunc = vi.fn(original.kernelFunc);
    tf.unregisterKernel(name, "wasm");
    tf.registerKernel({ ...original, kernelFunc });
    const back = installKernels(tf);
    const before = kernelFunc.mock.calls.length;
    run();
    const called = kernelFunc.mock.calls.slice(before);
    back();
    tf.unregisterKernel(name, "wasm");
    tf.registerKernel(original);
    const own = called.filter(([{ attrs }]) => !(attrs?.transposeA === false && attrs.transposeB === false));
    expect(own.length > 0).toBe(expected);
  });

  function averageGradient(size: number, stride: number, pad: "same" | "valid"): void {
    const f = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, size, stride, pad);
    tf.grad(f)(ones([1, 8, 8, 2]));
  }
});
