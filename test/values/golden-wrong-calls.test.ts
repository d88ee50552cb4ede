/** What we answer to the wrong calls whose answers by PyTorch the manifest lists. */
import { describe, expect, it } from "vitest";
import { BatchNorm, batchStatistics, normalize } from "../../src/index.js";
import { golden } from "../golden/read.js";
import { kernels } from "../helpers/backend.js";

const x23 = kernels.tensor([2, 3], "NC", [1, 2, 3, 4, 5, 6]);
const four = kernels.tensor([4], "C", [1, 2, 3, 4]);

/**
 * One entry for each name in the manifest. There is one class for all ranks; the rank belongs to the layout of a
 * tensor, so the four rank errors are errors of `tensor`.
 */
const answers: { readonly [name: string]: () => void } = {
  "rank 2 into 2d": () => expect(() => kernels.tensor([2, 3], "NCHW")).toThrow('"shape" expected'),
  "rank 4 into 1d": () => expect(() => kernels.tensor([2, 3, 4, 4], "NCL")).toThrow('"shape" expected'),
  "rank 1 into 1d": () => expect(() => kernels.tensor([3], "NC")).toThrow('"shape" expected'),
  "rank 4 into 3d": () => expect(() => kernels.tensor([3, 3, 3, 3], "NCDHW")).toThrow('"shape" expected'),
  "wrong channels": () =>
    expect(() => new BatchNorm(kernels, 3).forward(kernels.tensor([2, 4, 2, 2], "NCHW"))).toThrow(
      new RangeError('"x" expected 3 channels, got 4 (shape [2, 4, 2, 2], NCHW)'),
    ),
  // PyTorch takes it; here the channels always have to be numFeatures.
  "wrong channels, nothing to compare": () => {
    const layer = new BatchNorm(kernels, 3, { gamma: false, beta: false, trackRunningStats: false });
    expect(() => layer.forward(kernels.tensor([2, 4, 2, 2], "NCHW"))).toThrow(
      new RangeError('"x" expected 3 channels, got 4 (shape [2, 4, 2, 2], NCHW)'),
    );
  },
  "wrong weight length": () =>
    expect(() => normalize(x23, batchStatistics(x23), { gamma: four })).toThrow('"gamma" expected'),
  "wrong bias length": () =>
    expect(() => normalize(x23, batchStatistics(x23), { beta: four })).toThrow('"beta" expected'),
  "wrong running_var length": () =>
    expect(() => normalize(x23, { count: 2, mean: Float64Array.of(0, 0, 0), variance: Float64Array.of(1, 1) })).toThrow(
      RangeError,
    ),
  "eval without statistics": () => expect(() => normalize(x23, undefined as never)).toThrow(TypeError),
  "negative features": () =>
    expect(() => new BatchNorm(kernels, -1)).toThrow(new RangeError('"numFeatures" expected an integer >= 1, got -1')),
  "zero channels": () =>
    expect(() => new BatchNorm(kernels, 0)).toThrow(new RangeError('"numFeatures" expected an integer >= 1, got 0')),
  "negative eps, train": () =>
    expect(() => new BatchNorm(kernels, 3, { eps: -10 })).toThrow(
      new RangeError('"eps" expected a number >= 0, got -10'),
    ),
  "zero eps on a constant input": () => {
    const layer = new BatchNorm(kernels, 3, { eps: 0 });
    expect(layer.forward(kernels.tensor([2, 3], "NC", new Float32Array(6).fill(1))).data).toEqual(new Float32Array(6));
  },
  // There are float32 tensors only: integers are converted on the way in, and a bare Int32Array is no tensor.
  "integer input": () => {
    expect(kernels.tensor([2, 3], "NC", Int32Array.of(1, 2, 3, 4, 5, 6)).data).toEqual(x23.data);
    expect(() => new BatchNorm(kernels, 3).forward(new Int32Array(6) as never)).toThrow(TypeError);
  },
  "load of a wrong size": () =>
    expect(() => new BatchNorm(kernels, 3).loadStateDict(new BatchNorm(kernels, 4).stateDict())).toThrow(RangeError),
  "load without num_batches_tracked": () => {
    const layer = new BatchNorm(kernels, 3);
    layer.numBatchesTracked = 7;
    const { num_batches_tracked: _, ...state } = new BatchNorm(kernels, 3).stateDict();
    layer.loadStateDict(state);
    expect(layer.numBatchesTracked).toBe(7);
  },
};

describe("wrong calls", () => {
  it.each(golden.wrongCalls)("$name: $call", ({ name }) => {
    expect(answers).toHaveProperty([name]);
    answers[name]();
  });
});
