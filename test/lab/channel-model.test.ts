import { loadSync } from "batchnorm-wasm";
import { describe, expect, it } from "vitest";
import { type ChannelInput, channelStep, follow } from "../../lab/channel/model.js";
import { LOSSES } from "../../lab/state/state.js";
import { expectClose, expectEqual, expectWithin, scales } from "../helpers/compare.js";
import { goal, u } from "../helpers/metric.js";
import {
  axes,
  gradientSums,
  inputGradient,
  invstd,
  normalize,
  standardize,
  statistics,
  updateRunning,
} from "../helpers/reference.js";

const kernels = loadSync();

const X = [-3.2, -1.5, -0.4, 0.8, 1.7, 4.1, -2.3];
const RUNNING = { mean: 0.7, variance: 2.5 };

/** Derivative of each loss by y[i], from its definition on the page. */
const SLOPES = {
  one: (_: number, i: number) => (i === 1 ? 1 : 0),
  sum: () => 1,
  squares: (y: number) => y,
  target: (y: number, i: number) => y - (i % 2 === 0 ? 1 : -1),
};

const cases = LOSSES.flatMap((loss) =>
  [2, 7].flatMap((n) =>
    [0, 1e-5, 0.1].flatMap((eps) =>
      [false, true].map((predict): ChannelInput => {
        const x = X.slice(0, n);
        return { x, gamma: 1.3, beta: -0.4, eps, loss, sample: 1, predict, running: RUNNING };
      }),
    ),
  ),
);

describe("numbers of one channel against float64", () => {
  it.each(cases)("loss $loss, samples $x.length, eps $eps, prediction $predict", (input) => {
    const got = channelStep(kernels, input);
    // The library has float32 values.
    const x = Float64Array.from(input.x, Math.fround);
    const [shape, layout] = [[x.length, 1], "NC"];
    const own = statistics(x, shape, layout);
    const used = input.predict ? { count: own.count, mean: [RUNNING.mean], variance: [RUNNING.variance] } : own;
    const [gamma, beta] = [[Math.fround(input.gamma)], [Math.fround(input.beta)]];
    const options = { gamma, beta, eps: input.eps, activation: "none" as const };
    const y = normalize(x, shape, layout, used, options);
    const dy = Float64Array.from(got.dy);
    const sums = gradientSums(dy, x, shape, layout, used, options);
    const dx = inputGradient(dy, x, shape, layout, used, input.predict ? null : sums, options);

    const channel = axes(shape, layout);
    const terms = {
      x,
      dy,
      xhat: standardize(x, shape, layout, used, input.eps),
      invstd: invstd(used.variance, input.eps),
    };
    const scale = scales(channel, terms, gamma, beta);
    const want = (ref: ArrayLike<number>, of: ArrayLike<number>) => ({ ref, scale: of, channelOf: () => 0 });
    expectWithin("mean", "mean", [got.mean], used.mean, () => goal * scale.mean[0]);
    expectWithin("variance", "variance", [got.variance], used.variance, () => goal * used.variance[0]);
    expectClose("y", "y", Float32Array.from(got.y), want(y, scale.y));
    expectClose("dx", "dx", Float32Array.from(got.dx), want(dx, scale.dx));
    expectClose("dgamma", "dgamma", Float64Array.of(got.dgamma), want(sums.dgamma, scale.dgamma));
    expectClose("dbeta", "dbeta", Float64Array.of(got.dbeta), want(sums.dbeta, scale.dbeta));
    // A slope moves by at most as much as y, and is rounded to float32 once.
    const slopes = Float64Array.from(y, (value, i) => SLOPES[input.loss](value, i));
    expectWithin("dy", "dy", got.dy, slopes, (i) => goal * scale.y[0] + u * Math.abs(slopes[i]));
  });
});

describe("special batches", () => {
  const usual = {
    gamma: 2,
    beta: 0.5,
    eps: 1e-5,
    loss: "target",
    sample: 0,
    predict: false,
    running: RUNNING,
  } as const;

  it("gives beta and no gradient for a batch of one", () => {
    const { y, dx } = channelStep(kernels, { ...usual, x: [3.3] });
    expect(y).toEqual([0.5]);
    expect(dx).toEqual([0]);
  });

  it("gives beta for a constant channel, and no gradient where eps is 0", () => {
    expect(channelStep(kernels, { ...usual, x: [2, 2, 2] }).y).toEqual([0.5, 0.5, 0.5]);
    const { dx } = channelStep(kernels, { ...usual, x: [2, 2, 2], eps: 0 });
    expectEqual("constant", "dx", dx, [0, 0, 0]);
  });

  it("holds no memory", () => {
    const before = kernels.bytesInUse;
    channelStep(kernels, { ...usual, x: X });
    follow(kernels, X, RUNNING, 0.1);
    follow(kernels, [1], RUNNING, 0.1);
    expect(kernels.bytesInUse).toBe(before);
  });
});

describe("running statistics", () => {
  it("follow as the reference does", () => {
    const x = Float64Array.from(X, Math.fround);
    const start = { mean: [Math.fround(RUNNING.mean)], variance: [RUNNING.variance] };
    const want = updateRunning(start, statistics(x, [7, 1], "NC"), 0.1, "unbiased");
    const got = follow(kernels, X, RUNNING, 0.1);
    if (typeof got === "string") throw new Error(got);
    // Statistics within the goal, then one rounding to float32.
    expectWithin("running", "mean", [got.mean], want.mean, () => (goal + u) * 2);
    expectWithin("running", "variance", [got.variance], want.variance, () => (goal + u) * want.variance[0]);
  });

  it("tells in the library's words why one value is refused", () => {
    expect(follow(kernels, [1], RUNNING, 0.1)).toMatch(/at least 2/);
  });
});
