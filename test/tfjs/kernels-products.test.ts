import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { seeded } from "../../scripts/common/random.js";
import { matMul } from "../../src/tfjs/kernels/matmul.js";
import { blockTerms } from "../../src/tfjs/kernels/products.js";
import { expectWithin } from "./conv-support.js";
import { kernelsBetweenCanaries } from "./guarded-heap.js";

kernelsBetweenCanaries();

describe("products of transposed matrices", () => {
  const transposed = [
    [false, true],
    [true, false],
    [true, true],
  ] as const;
  const extents = [
    [1, 1, 1],
    [3, 5, 7],
    [7, 5, 3],
    [4, 1, 9],
    [2, blockTerms + 5, 3],
    [3, 2 * blockTerms, 2],
  ] as const;
  const random = seeded(4);

  it.each(transposed)("agree with float64, transposed: %s, %s", (transposeA, transposeB) => {
    const original = tf.getKernel("BatchMatMul", "wasm");
    const kernelFunc = matMul(tf, original.kernelFunc, 0) as unknown as tf.KernelFunc;
    tf.unregisterKernel("BatchMatMul", "wasm");
    tf.registerKernel({ ...original, kernelFunc });
    for (const [m, k, n] of extents) {
      const [a, b] = [random.uniform(m * k, 1), random.uniform(k * n, 1)];
      const product = (f: (value: number) => number) =>
        Float64Array.from({ length: m * n }, (_, at) => {
          const [i, j] = [Math.floor(at / n), at % n];
          let sum = 0;
          for (let l = 0; l < k; l++) {
            sum += f(a[transposeA ? l * m + i : i * k + l]) * f(b[transposeB ? j * k + l : l * n + j]);
          }
          return sum;
        });
      // Leading extents of 1 on either side.
      const y = tf.matMul(
        tf.tensor(a, transposeA ? [k, m] : [m, k]),
        tf.tensor(b, transposeB ? [1, n, k] : [1, k, n]),
        transposeA,
        transposeB,
      );
      expect(y.shape).toEqual([1, m, n]);
      const roundings = Math.min(k, blockTerms) + 1;
      expectWithin(
        y.dataSync(),
        product((v) => v),
        product(Math.abs),
        roundings,
        `${m}x${k}x${n}`,
      );
    }
    tf.unregisterKernel("BatchMatMul", "wasm");
    tf.registerKernel(original);
  });
});
