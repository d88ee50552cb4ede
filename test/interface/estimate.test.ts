import { describe, expect, it } from "vitest";
import { BatchNorm, estimateStatistics } from "../../src/distributed/index.js";
import { BatchNorm as Local, type Tensor } from "../../src/index.js";
import { kernels, loadKernels } from "../helpers/backend.js";
import { caseOf } from "../helpers/cases.js";
import { expectBits, expectWithin } from "../helpers/compare.js";
import { goal } from "../helpers/metric.js";
import { expectation, problemOf } from "../helpers/problem.js";

/** Running statistics of whole data sets, against the reference of all values at once. */

const other = loadKernels();
const whole = problemOf(caseOf("NHWC 31x3x2x5 train gamma beta"));
const { mean: wantMean, variance: wantVariance, statistics } = expectation(whole);
const { count } = statistics;
const sample = whole.x.length / 31;

/** The samples in batches of unequal sizes, one of them empty, in two memories. */
function batches(): Tensor[] {
  const bounds = [0, 1, 8, 8, 30, 31];
  return bounds.slice(1).map((end, i) => {
    const values = whole.x.subarray(bounds[i] * sample, end * sample);
    return (i % 2 ? kernels : other).tensor([end - bounds[i], ...whole.shape.slice(1)], "NHWC", values);
  });
}

async function* later(tensors: Tensor[]): AsyncGenerator<Tensor> {
  for (const each of tensors) yield Promise.resolve(each);
}

describe("estimateStatistics", () => {
  it.each(["unbiased", "population"] as const)("gives the running statistics of all values (%s)", async (kind) => {
    for (const given of [batches(), new Set(batches()), later(batches())]) {
      const layer = new Local(kernels, 5, { runningVariance: kind });
      layer.numBatchesTracked = 7;
      const seen: unknown[] = [];
      const got = await estimateStatistics(layer, given, { onBatch: (...each) => seen.push(each) });
      const factor = kind === "unbiased" ? count / (count - 1) : 1;
      const variance = Float64Array.from(wantVariance.ref, (value) => value * factor);
      const { runningMean, runningVar } = layer as { runningMean: Float64Array; runningVar: Float64Array };
      expectWithin(whole.line, "mean", runningMean, wantMean.ref, (c) => goal * wantMean.scale[c]);
      expectWithin(whole.line, "variance", runningVar, variance, (c) => goal * variance[c]);
      expectBits(whole.line, "mean", got.mean, runningMean);
      expect([got.count, layer.numBatchesTracked, seen]).toEqual([
        count,
        7,
        [1, 8, 8, 30, 31].map((samples, i) => [i + 1, samples * 6]),
      ]);
    }
  });

  it("adds over ranks once, after the last batch", async () => {
    const lengths: number[] = [];
    // As if a second rank had the same part: the statistics are the same, over twice as many values.
    const allReduce = (sums: Float64Array) => {
      lengths.push(sums.length);
      sums.forEach((value, i) => {
        sums[i] = 2 * value;
      });
    };
    const layer = new BatchNorm(kernels, 5, { allReduce });
    const got = await estimateStatistics(layer, batches());
    expect([got.count, lengths]).toEqual([2 * count, [64, 6, 5]]);
    const factor = (2 * count) / (2 * count - 1);
    const variance = Float64Array.from(wantVariance.ref, (value) => value * factor);
    expectWithin(whole.line, "variance", layer.runningVar as Float64Array, variance, (c) => goal * variance[c]);
  });

  it("changes nothing where it fails, and leaves no memory taken", async () => {
    const layer = new Local(kernels, 5);
    const before = JSON.stringify(layer.stateDict());
    const tensors = batches();
    const bytes = kernels.bytesInUse;
    const wrong = kernels.tensor([4, 3], "NC");
    await expect(estimateStatistics(layer, [...tensors, wrong])).rejects.toThrow('"x" expected 5 channels, got 3');
    await expect(estimateStatistics(layer, [])).rejects.toThrow(
      '"batches" expected at least 2 values per channel, got 0',
    );
    await expect(estimateStatistics(layer, [1] as never)).rejects.toThrow('"x" expected a Tensor, got number');
    await expect(estimateStatistics({} as never, [])).rejects.toThrow('"layer" expected a BatchNorm, got Object');
    await expect(estimateStatistics(layer, [], { onbatch() {} } as object)).rejects.toThrow('did you mean "onBatch"?');
    const without = new Local(kernels, 5, { trackRunningStats: false });
    await expect(estimateStatistics(without, tensors)).rejects.toThrow('"layer" expected one with running statistics');
    without.dispose();
    wrong.dispose();
    expect([JSON.stringify(layer.stateDict()), kernels.bytesInUse]).toEqual([before, bytes]);
    layer.dispose();
    await expect(estimateStatistics(layer, tensors)).rejects.toThrow("layer was disposed");
  });
});
