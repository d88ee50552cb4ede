import { describe, expect, it } from "vitest";
import {
  BatchNorm,
  batchStatistics,
  gradientSums,
  inputGradient,
  maskGradient,
  mergeStatistics,
  type NormalizeOptions,
  normalize,
} from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { expectClose } from "../helpers/compare.js";
import { expectation, problemFrom } from "../helpers/problem.js";
import { activationNames } from "../helpers/reference.js";
import { channelsFirstOf, type DataLayout, normal, spatial, spatialLayouts, tensorIn } from "../helpers/support.js";

const channels = 5;
const gammaValues = Float32Array.of(1.5, -2, 0.25, 1, 0);
const betaValues = Float32Array.of(0.5, 0, -1, 3, 2);
const gamma = kernels.tensor([channels], "C", gammaValues);
const beta = kernels.tensor([channels], "C", betaValues);

/** Samples of the parts of one batch: unequal, one of them empty, one a single sample. */
const parts = [3, 0, 1, 7];
const batch = 11;
const x = normal(batch * channels * spatial, 1, 10, 3);
const dy = normal(batch * channels * spatial, 2);
const whole = problemFrom("NCL", [batch, channels, spatial], { x, dy, gamma: gammaValues, beta: betaValues });

/** The parts of channels-first values as tensors of a layout. */
function split(values: Float32Array, layout: DataLayout) {
  let first = 0;
  return parts.map((samples) => {
    const last = first + samples * channels * spatial;
    const part = tensorIn(kernels, layout, values.subarray(first, last), [samples, channels]);
    first = last;
    return part;
  });
}

function joined(tensors: readonly Float32Array[]): Float32Array {
  return Float32Array.from(tensors.flatMap((tensor) => Array.from(tensor)));
}

describe.each(spatialLayouts)("in parts (%s)", (layout) => {
  const xs = split(x, layout);
  const dys = split(dy, layout);
  const want = expectation(whole);
  const options = { gamma, beta };

  it("merged statistics are those of the whole", () => {
    const merged = mergeStatistics(xs.map((part) => batchStatistics(part)));
    expect(merged.count).toBe(batch * spatial);
    expectClose(whole.line, "mean", Float64Array.from(merged.mean), want.mean);
    expectClose(whole.line, "variance", Float64Array.from(merged.variance), want.variance);
  });

  it("forward and backward over synchronised sums are those of the whole", () => {
    const merged = mergeStatistics(xs.map((part) => batchStatistics(part)));
    const y = xs.map((part) => channelsFirstOf(normalize(part, merged, options)));
    expectClose(whole.line, "y", joined(y), want.y);

    const sums = xs.map((part, i) => gradientSums(dys[i], part, merged, options));
    const total = (name: "dgamma" | "dbeta") =>
      Float64Array.from({ length: channels }, (_, c) => sums.reduce((sum, each) => sum + each[name][c], 0));
    const all = { dgamma: total("dgamma"), dbeta: total("dbeta") };
    expectClose(whole.line, "dgamma", all.dgamma, want.dgamma);
    expectClose(whole.line, "dbeta", all.dbeta, want.dbeta);

    const dx = xs.map((part, i) => channelsFirstOf(inputGradient(dys[i], part, merged, all, options)));
    expectClose(whole.line, "dx", joined(dx), want.dx);
  });
});

describe("statistics", () => {
  it("have the count, the mean and the population variance", () => {
    const statistics = batchStatistics(kernels.tensor([2, 2, 2], "NCL", [0, 2, 5, 5, 4, 6, 5, 5]));
    expect(statistics.count).toBe(4);
    expect(statistics.mean).toEqual(new Float64Array([3, 5]));
    expect(statistics.variance).toEqual(new Float64Array([5, 0]));
  });

  it("of one value per channel are that value and 0", () => {
    const statistics = batchStatistics(kernels.tensor([1, 2], "NC", [3, -0.1]));
    expect(statistics.count).toBe(1);
    expect(statistics.mean).toEqual(new Float64Array([3, Math.fround(-0.1)]));
    expect(statistics.variance).toEqual(new Float64Array([0, 0]));
  });

  it("merge by count", () => {
    const merged = mergeStatistics([
      { count: 1, mean: [0], variance: [0] },
      { count: 3, mean: [4], variance: [2] },
    ]);
    // Values 0 and three of mean 4 and variance 2: mean 3, variance (1·9 + 3·(2 + 1)) / 4.
    expect([merged.count, merged.mean[0], merged.variance[0]]).toEqual([4, 3, 4.5]);
  });

  it("of empty parts contribute nothing, whatever they hold", () => {
    const part = batchStatistics(kernels.tensor([4, 2], "NC", normal(8, 3)));
    const empty = batchStatistics(kernels.tensor([0, 2], "NC"));
    expect(empty.count).toBe(0);
    const poisoned = { count: 0, mean: [Number.NaN, 1e300], variance: [Number.NaN, 1] };
    for (const list of [
      [empty, part],
      [part, empty],
      [poisoned, part, poisoned],
      [empty, part, empty],
    ]) {
      const merged = mergeStatistics(list);
      expect(merged.count).toBe(4);
      expect(merged.mean).toEqual(part.mean);
      expect(merged.variance).toEqual(part.variance);
    }
    expect(mergeStatistics([empty, empty]).count).toBe(0);
  });

  it("merge exactly where means are far from 0", () => {
    const merged = mergeStatistics([
      { count: 2, mean: [1e8], variance: [1] },
      { count: 2, mean: [1e8 + 2], variance: [1] },
    ]);
    expect([merged.mean[0], merged.variance[0]]).toEqual([1e8 + 1, 2]);
  });

  it("may be plain arrays or float32, with the same bits", () => {
    const xt = tensorIn(kernels, "NCHW", x, [batch, channels]);
    const dyt = tensorIn(kernels, "NCHW", dy, [batch, channels]);
    const own = batchStatistics(xt);
    const rounded = { count: own.count, mean: own.mean.map(Math.fround), variance: own.variance.map(Math.fround) };
    const arrays = { count: own.count, mean: Array.from(rounded.mean), variance: Array.from(rounded.variance) };
    const floats = {
      count: own.count,
      mean: Float32Array.from(rounded.mean),
      variance: Float32Array.from(rounded.variance),
    };
    const results = [rounded, arrays, floats].map((statistics) => {
      const given = statistics;
      const sums = gradientSums(dyt, xt, given);
      const plain = { dgamma: Array.from(sums.dgamma), dbeta: Array.from(sums.dbeta) };
      return [
        normalize(xt, given).data.slice(),
        inputGradient(dyt, xt, given, sums).data.slice(),
        inputGradient(dyt, xt, given, plain).data.slice(),
      ];
    });
    expect(results[0][1]).toEqual(results[0][2]);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

describe("against the layer", () => {
  const activations = ["none", "relu"] as const;
  it.each(activations)("the same bits in training (activation %s)", (activation) => {
    const xt = tensorIn(kernels, "NHWC", x, [batch, channels]);
    const dyt = tensorIn(kernels, "NHWC", dy, [batch, channels]);
    const layer = new BatchNorm(kernels, channels, { activation, eps: 1e-3 });
    layer.gamma?.data.set(gammaValues);
    layer.beta?.data.set(betaValues);
    const options: NormalizeOptions = { gamma, beta, eps: 1e-3, activation };
    const statistics = batchStatistics(xt);
    const y = layer.forward(xt);
    expect(normalize(xt, statistics, options).data).toEqual(y.data);
    const sums = gradientSums(dyt, xt, statistics, options);
    const { dx, dgamma, dbeta } = layer.backward(dyt);
    expect(Float32Array.from(sums.dgamma)).toEqual(dgamma?.data);
    expect(Float32Array.from(sums.dbeta)).toEqual(dbeta?.data);
    expect(inputGradient(dyt, xt, statistics, sums, options).data).toEqual(dx.data);
  });

  it.each(activations)("the same bits with frozen statistics (activation %s)", (activation) => {
    const xt = tensorIn(kernels, "NCHW", x, [batch, channels]);
    const dyt = tensorIn(kernels, "NCHW", dy, [batch, channels]);
    const layer = new BatchNorm(kernels, channels, { activation }).eval();
    layer.gamma?.data.set(gammaValues);
    layer.beta?.data.set(betaValues);
    const statistics = { count: 7, mean: Float64Array.of(9, 10, 11, 12, 13), variance: Float64Array.of(1, 2, 3, 4, 5) };
    layer.runningMean?.set(statistics.mean);
    layer.runningVar?.set(statistics.variance);
    const options: NormalizeOptions = { gamma, beta, activation };
    const y = layer.forward(xt);
    expect(normalize(xt, statistics, options).data).toEqual(y.data);
    const { dx, dgamma } = layer.backward(dyt);
    expect(inputGradient(dyt, xt, statistics, null, options).data).toEqual(dx.data);
    expect(Float32Array.from(gradientSums(dyt, xt, statistics, options).dgamma)).toEqual(dgamma?.data);
  });

  it("without gamma and beta they are 1 and 0", () => {
    const xt = tensorIn(kernels, "NCL", x, [batch, channels]);
    const ones = kernels.tensor([channels], "C", new Float32Array(channels).fill(1));
    const zeros = kernels.tensor([channels], "C");
    const statistics = batchStatistics(xt);
    const y = normalize(xt, statistics).data.slice();
    expect(normalize(xt, statistics, { gamma: null, beta: null }).data).toEqual(y);
    expect(normalize(xt, statistics, { gamma: ones, beta: zeros }).data).toEqual(y);
    const layer = new BatchNorm(kernels, channels);
    expect(layer.forward(xt).data).toEqual(y);
  });
});

describe("maskGradient with an activation", () => {
  const [dy, y] = [
    [1, 2, Number.NaN, 4],
    [1, 0, -1, Number.NaN],
  ].map((values) => kernels.tensor([4, 1], "NC", values));

  it("is that of relu by default, and a copy of dy without one", () => {
    expect([...maskGradient(dy, y).data]).toEqual([1, 0, 0, 4]);
    expect([...maskGradient(dy, y, { activation: "relu" }).data]).toEqual([1, 0, 0, 4]);
    expect([...maskGradient(dy, y, { activation: "none" }).data]).toEqual([1, 2, Number.NaN, 4]);
  });

  it("refuses another one", () => {
    const wrong = { activation: "gelu" as "relu" };
    expect(() => maskGradient(dy, y, wrong)).toThrow(
      new RangeError(`"activation" expected ${activationNames.map((name) => `"${name}"`).join(" or ")}, got "gelu"`),
    );
  });
});
