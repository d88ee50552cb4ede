import { describe, expect, it } from "vitest";
import { BatchNorm, type BatchNormOptions, type Layout } from "../../src/index.js";
import { loadKernels } from "../helpers/backend.js";

/**
 * With `out` given, a step allocates nothing: not in the kernels' memory, and on the JS heap no more than a constant.
 */

const collect = (globalThis as { gc?: () => void }).gc;
const FEW = 10_000;
const MANY = 60_000;

const cases: [shape: number[], layout: Layout, options: BatchNormOptions, training: boolean, residual?: boolean][] = [
  [[4, 8, 3, 5], "NCHW", {}, true],
  [[4, 8, 3, 5], "NCHW", { activation: "relu" }, true, true],
  [[16, 8], "NC", { gamma: false, beta: false }, false, true],
  [[4, 3, 5, 8], "NHWC", { activation: "relu" }, true],
  [[16, 8], "NC", { momentum: null, gamma: false }, true],
  [[16, 8], "NC", { activation: "relu" }, false],
  [[4, 8, 7], "NCL", { trackRunningStats: false }, false],
];

describe("a forward and a backward with out", () => {
  it.each(cases)("%j %s %j, training %s, residual %s: no allocation", (shape, layout, options, training, residual) => {
    if (collect === undefined) throw new Error("this suite needs node --expose-gc");
    const kernels = loadKernels();
    const layer = new BatchNorm(kernels, 8, options);
    if (!training) layer.eval();
    const [x, y, dx, added, gradient] = [0, 1, 2, 3, 4].map((seed) => {
      const length = shape.reduce((a, b) => a * b);
      return kernels.tensor(
        shape,
        layout,
        Float32Array.from({ length }, (_, i) => Math.sin(i * i + seed)),
      );
    });
    // Options objects that are used again.
    const into = residual ? { out: y, residual: added } : y;
    const intoGradients = residual ? { out: dx, residualGradient: gradient, accumulate: true } : dx;
    const steps = (count: number) => {
      for (let i = 0; i < count; i++) {
        layer.forward(x, into);
        layer.backward(y, intoGradients);
      }
    };
    /** The bytes that a number of steps allocates on the heap, collected or not. */
    const allocated = (count: number) => {
      collect();
      const before = process.memoryUsage().heapUsed;
      steps(count);
      return process.memoryUsage().heapUsed - before;
    };
    steps(FEW);
    const inUse = kernels.bytesInUse;
    const { byteLength } = kernels.memory.buffer;
    // What the measurement itself costs is in both; the engine's own work in the background may add to either.
    const perStep = Math.min(
      ...[1, 2, 3].map(() => {
        const few = allocated(FEW);
        return (allocated(MANY) - few) / (MANY - FEW);
      }),
    );
    expect(kernels.bytesInUse).toBe(inUse);
    expect(kernels.memory.buffer.byteLength).toBe(byteLength);
    // The smallest allocation there is takes 12 bytes. With momentum null the weight is a new number in every step.
    expect(perStep).toBeLessThan(options.momentum === null ? 17 : 1);
  });
});
