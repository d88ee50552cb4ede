import { describe, expect, it } from "vitest";
import { BatchNorm, batchStatistics, inputGradient, mergeStatistics, normalize } from "../../src/index.js";
import { kernelsIn, loadKernels, memoryOf } from "../helpers/backend.js";

/** What lies at the edge of several subjects at once. */

const values = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * i));

describe("momentum", () => {
  it("0 keeps the running statistics, whatever the batch holds", () => {
    const kernels = loadKernels();
    const layer = new BatchNorm(kernels, 1, { momentum: 0 });
    layer.forward(kernels.tensor([3, 1], "NC", [1, Number.NaN, 2]));
    expect([layer.runningMean, layer.runningVar]).toEqual([Float64Array.of(0), Float64Array.of(1)]);
    expect(layer.numBatchesTracked).toBe(1);
  });

  it("1 replaces them, whatever they held", () => {
    const kernels = loadKernels();
    const layer = new BatchNorm(kernels, 1, { momentum: 1 });
    layer.runningMean?.fill(Number.NaN);
    layer.runningVar?.fill(Number.POSITIVE_INFINITY);
    layer.forward(kernels.tensor([2, 1], "NC", [1, 3]));
    expect([layer.runningMean, layer.runningVar]).toEqual([Float64Array.of(2), Float64Array.of(2)]);
  });
});

describe("gamma of any size", () => {
  const cases: [gamma: number, x: number[], eps: number][] = [
    [3e36, [1, 1.001, 1.002, 1.003], 1e-5],
    [1e-36, [1e8, 2e8, 3e8, 4e8], 0],
    [-2e-33, [1, 2, 3, 5], 1e-5],
  ];
  it.each(cases)("%d", (gamma, x, eps) => {
    const kernels = loadKernels();
    const layer = new BatchNorm(kernels, 1, { eps });
    layer.gamma?.data.fill(gamma);
    const y = layer.forward(kernels.tensor([4, 1], "NC", x));
    const values = Array.from(Float32Array.from(x));
    const mean = values.reduce((a, b) => a + b) / 4;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 4;
    const scale = Math.fround(gamma) / Math.sqrt(variance + eps);
    // One rounding to float32, of float64 arithmetic.
    for (const [i, v] of values.entries()) {
      const expected = (v - mean) * scale;
      expect(Math.abs(y.data[i] - expected)).toBeLessThanOrEqual(Math.abs(expected) * 2 ** -23);
    }
  });
});

describe("memory", () => {
  it("a tensor is copied from another's view, even where the memory grows for it", () => {
    const kernels = loadKernels();
    const x = kernels.tensor([50_000], "C", values(50_000));
    const { byteLength } = kernels.memory.buffer;
    const copy = kernels.tensor([50_000], "C", x.data);
    expect(kernels.memory.buffer.byteLength).toBeGreaterThan(byteLength);
    expect(copy.data).toEqual(values(50_000));
  });

  it("values that throw when they are read leave nothing behind", () => {
    const kernels = loadKernels();
    const source = {
      length: 2,
      0: 1,
      get 1(): number {
        throw new Error("no such value");
      },
    };
    expect(() => kernels.tensor([1, 2], "NC", source)).toThrow("no such value");
    expect(kernels.bytesInUse).toBe(0);
  });

  it("a gradient tensor of the layer that was disposed is refused before anything is allocated", () => {
    const kernels = loadKernels();
    const layer = new BatchNorm(kernels, 2);
    const x = kernels.tensor([3, 2], "NC", values(6));
    layer.forward(x, kernels.tensor([3, 2], "NC"));
    layer.backward(x, kernels.tensor([3, 2], "NC")).dgamma?.dispose();
    const before = kernels.bytesInUse;
    expect(() => layer.backward(x)).toThrow("tensor was disposed");
    expect(kernels.bytesInUse).toBe(before);
  });

  it("scratch of the most channels is an address, and more channels are refused", () => {
    const { scratchBytes } = kernelsIn(memoryOf({ initial: 1 }));
    const bytes = (channels: number) => scratchBytes(1, channels, 1) >>> 0;
    // With as many bytes per channel as half the channels take, and those as a quarter, it has not wrapped around 4 GiB.
    expect(bytes(2 ** 24)).toBeGreaterThan(1.99 * bytes(2 ** 23));
    expect(bytes(2 ** 23)).toBeGreaterThan(1.99 * bytes(2 ** 22));
    expect(() => loadKernels().tensor([2, 2 ** 24 + 1], "NC")).toThrow(
      /^"shape" expected at most .* 16777216 channels, got/,
    );
  });
});

describe("refusals", () => {
  const kernels = loadKernels();
  const none = kernels.tensor([2, 0], "NC");

  it("no channels", () => {
    const message = '"x" expected at least 1 channel, got 0 (shape [2, 0], NC)';
    expect(() => batchStatistics(none)).toThrow(message);
    expect(() => normalize(none, { count: 2, mean: [], variance: [] })).toThrow(message);
    expect(() => mergeStatistics([{ count: 2, mean: [], variance: [] }])).toThrow(/^"mean" expected at least 1 value/);
  });

  it("a gradient through the statistics of no values", () => {
    const x = kernels.tensor([2, 1], "NC", [1, 2]);
    const sums = { dgamma: [0], dbeta: [0] };
    expect(() => inputGradient(x, x, { count: 0, mean: [0], variance: [1] }, sums)).toThrow(
      '"count" expected an integer >= 1, got 0',
    );
  });

  it("names that every object has, in a state dict", () => {
    const layer = new BatchNorm(kernels, 1);
    const state = { ...layer.stateDict(), toString: [1] };
    expect(() => layer.loadStateDict(state as never)).toThrow(
      '"state" expected entries of this layer only, got "toString"',
    );
  });

  it("a count of batches that is none", () => {
    const layer = new BatchNorm(kernels, 1);
    expect(() => {
      layer.numBatchesTracked = -1;
    }).toThrow('"numBatchesTracked" expected an integer >= 0, got -1');
    expect(layer.numBatchesTracked).toBe(0);
  });

  it("nothing after an empty batch in place", () => {
    const layer = new BatchNorm(kernels, 3);
    const empty = kernels.tensor([0, 3], "NC");
    layer.forward(empty, empty);
    expect(layer.backward(empty).dbeta?.data).toEqual(new Float32Array(3));
  });
});
