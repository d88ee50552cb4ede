/** Bugs of other libraries about empty batches, old states and eval, of known-bugs.md. */
import { describe, expect, it } from "vitest";
import { BatchNorm, type Tensor } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { expectLayer, normal, spatialLayouts, tensorIn } from "../helpers/support.js";

/** Per channel 0 and 4: mean 2, population variance 4, sample variance 8, all exact. */
const pair = () => kernels.tensor([2, 2], "NC", [0, 0, 4, 4]);

const noise = (seed: number, rows = 12) => kernels.tensor([rows, 3], "NC", normal(rows * 3, seed, 2, 3));

function gradients(layer: BatchNorm, dy: Tensor) {
  const { dx, dgamma, dbeta } = layer.backward(dy);
  return { dx: dx.data.slice(), dgamma: dgamma?.data.slice(), dbeta: dbeta?.data.slice() };
}

describe("empty batches and old states", () => {
  it.each(["S16 pytorch#12013: leave the statistics, gradients are 0", "S17 sonnet#125: write no NaN"])(
    "%s",
    (name) => {
      const layer = new BatchNorm(kernels, 3, { momentum: name.startsWith("S16") ? 0.1 : null });
      layer.forward(noise(1));
      const before = layer.stateDict();
      const empty = kernels.tensor([0, 3, 2, 2], "NCHW");
      expect(layer.forward(empty).data).toHaveLength(0);
      expect(gradients(layer, empty)).toEqual({
        dx: new Float32Array(0),
        dgamma: new Float32Array(3),
        dbeta: new Float32Array(3),
      });
      expect(layer.stateDict()).toEqual(before);
    },
  );

  it("S18 pytorch#110361: a state without num_batches_tracked does not reset the count", () => {
    const layer = new BatchNorm(kernels, 3, { momentum: null });
    for (let i = 0; i < 3; i++) layer.forward(noise(i));
    const { num_batches_tracked: _, ...old } = layer.stateDict();
    layer.loadStateDict(old);
    expect(layer.numBatchesTracked).toBe(3);
  });

  it("S19 pytorch#8430: it loads", () => {
    const layer = new BatchNorm(kernels, 1);
    layer.loadStateDict({ weight: [2], bias: [3], running_mean: [4], running_var: [5] });
    expect(layer.stateDict()).toEqual({
      weight: new Float32Array([2]),
      bias: new Float32Array([3]),
      running_mean: new Float64Array([4]),
      running_var: new Float64Array([5]),
      num_batches_tracked: 0,
    });
  });
});

describe("eval", () => {
  it("S20 pytorch#5406: before any training is the identity but for eps, and the state says so", () => {
    const layer = new BatchNorm(kernels, 3, { eps: 0 }).eval();
    expect(layer.numBatchesTracked).toBe(0);
    const x = noise(1);
    expect(layer.forward(x).data).toEqual(x.data);
  });

  it("S21 pytorch#586: backward is gamma·invstd·dy, without the terms of the batch", () => {
    const layer = new BatchNorm(kernels, 2, { eps: 0 }).eval();
    layer.gamma?.data.set([3, -5]);
    layer.runningMean?.set([1, 2]);
    layer.runningVar?.set([4, 0.25]);
    layer.forward(pair());
    const { dx, dgamma, dbeta } = gradients(layer, kernels.tensor([2, 2], "NC", [1, 10, 100, 1000]));
    // invstd 1/2 and 2; xhat -1/2, -4 and 3/2, 4.
    expect(Array.from(dx)).toEqual([1.5, -100, 150, -10_000]);
    expect(Array.from(dgamma ?? [])).toEqual([-0.5 + 150, -40 + 4000]);
    expect(Array.from(dbeta ?? [])).toEqual([101, 1010]);
  });

  it.each(spatialLayouts)("S22 xla#913: backward is right in every layout (%s)", (layout) => {
    const layer = new BatchNorm(kernels, 3).eval();
    layer.gamma?.data.set([1.5, -2, 0.25]);
    layer.runningMean?.set([1, -1, 10]);
    layer.runningVar?.set([0.1, 2, 30]);
    const make = (seed: number) => tensorIn(kernels, layout, normal(180, seed), [2, 3]);
    expectLayer(layer, make(1), make(2));
  });

  it("S23 tfjs#562: the mode set is the mode used", () => {
    const layer = new BatchNorm(kernels, 3);
    const x = noise(1);
    const inTraining = layer.forward(x).data.slice();
    const inEval = layer.eval().forward(x).data.slice();
    expect(inEval).not.toEqual(inTraining);
    expect(layer.eval().forward(x).data).toEqual(inEval);
    expect(layer.train().forward(x).data).toEqual(inTraining);
  });

  it("S25 tensorflow#20407: backward gives dx, dgamma and dbeta, nothing for the statistics", () => {
    const layer = new BatchNorm(kernels, 3).eval();
    layer.forward(noise(1));
    expect(Object.keys(layer.backward(noise(2))).sort()).toEqual(["dbeta", "dgamma", "dx"]);
  });

  it.each(["train", "eval"] as const)("S26 tensorflow#107705: gradients are linear in dy (%s)", (mode) => {
    const layer = new BatchNorm(kernels, 3)[mode]();
    layer.forward(noise(1));
    const dy = noise(2);
    const doubled = kernels.tensor(
      dy.shape,
      "NC",
      dy.data.map((v) => -8 * v),
    );
    // A power of two: exact in every rounding.
    const { dx, dgamma, dbeta } = gradients(layer, dy);
    expect(gradients(layer, doubled)).toEqual({
      dx: dx.map((v) => -8 * v),
      dgamma: dgamma?.map((v) => -8 * v),
      dbeta: dbeta?.map((v) => -8 * v),
    });
  });
});
