import { describe, expect, it } from "vitest";
import { BatchNorm } from "../../src/distributed/index.js";
import type { BatchNormOptions } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { caseOf, type Mode, shapeIn } from "../helpers/cases.js";
import { expectBits, expectClose, expectEqual, expectWithin } from "../helpers/compare.js";
import { scope } from "../helpers/harness.js";
import { goal, u64 } from "../helpers/metric.js";
import { expectation, type Problem, problemOf } from "../helpers/problem.js";
import { random } from "../helpers/random.js";
import { Ranks } from "../helpers/ranks.js";
import { maskedGradient, updateRunning } from "../helpers/reference.js";

/** A batch whose samples are shared out among ranks, against the reference of the whole batch. */

/** Samples per rank. */
const shards: readonly (readonly number[])[] = [[4], [2, 2], [3, 1], [4, 0], [0, 1, 3], [1, 1, 1, 1], [0, 0, 4, 0, 0]];

interface Results {
  readonly y: Float32Array;
  readonly dx: Float32Array;
  /** The residual's gradient; empty without one. */
  readonly branch: Float32Array;
  /** dgamma, dbeta and the running statistics of each rank. */
  readonly perChannel: Record<string, Float32Array | Float64Array>[];
}

function optionsOf(p: Problem, mode: Mode, options: BatchNormOptions) {
  const trackRunningStats = mode !== "eval-batch";
  return {
    eps: p.eps,
    gamma: p.gamma !== null,
    beta: p.beta !== null,
    activation: p.activation,
    trackRunningStats,
    ...options,
  };
}

/** One forward and one backward on each rank; y and dx in the order of the whole batch. */
function stepOf(p: Problem, counts: readonly number[], mode: Mode, options: BatchNormOptions, steps = 1): Results {
  const ranks = new Ranks(counts.length);
  return scope((s) => {
    const { allReduce } = ranks;
    const channels = p.shape[p.layout.indexOf("C")];
    const sample = p.x.length / p.shape[0];
    const parts = counts.map((count, rank) => {
      const begin = sample * counts.slice(0, rank).reduce((sum, each) => sum + each, 0);
      const cut = (values: Float32Array) => values.slice(begin, begin + count * sample);
      const like = { shape: [count, ...p.shape.slice(1)], layout: p.layout };
      const layer = s.own(new BatchNorm(kernels, channels, { allReduce, ...optionsOf(p, mode, options) }));
      if (mode !== "train") layer.eval();
      if (p.gamma) layer.gamma?.data.set(p.gamma);
      if (p.beta) layer.beta?.data.set(p.beta);
      if (p.frozen) layer.runningMean?.set(p.frozen.mean);
      if (p.frozen) layer.runningVar?.set(p.frozen.variance);
      const [y, dx] = [s.tensor(like), s.tensor(like)];
      const residual = p.residual ? s.tensor(like, cut(p.residual)) : null;
      const branch = p.residual ? s.tensor(like) : null;
      const to = [
        { out: y, residual },
        { out: dx, residualGradient: branch },
      ] as const;
      return { layer, x: s.tensor(like, cut(p.x)), dy: s.tensor(like, cut(p.dy)), y, dx, branch, to };
    });
    for (let i = 0; i < steps; i++) {
      ranks.run((rank) => parts[rank].layer.forward(parts[rank].x, parts[rank].to[0]));
      ranks.run((rank) => parts[rank].layer.backward(parts[rank].dy, parts[rank].to[1]));
    }
    const join = (name: "y" | "dx" | "branch") =>
      Float32Array.from(parts.flatMap((part) => [...(part[name]?.data ?? [])]));
    // Nothing has happened since: the same backward gives the gradients again.
    const gradients = ranks.run((rank) => parts[rank].layer.backward(parts[rank].dy, parts[rank].to[1]));
    const perChannel = parts.map(({ layer }, rank) => {
      const { dgamma, dbeta } = gradients[rank];
      const all = { dgamma: dgamma?.data, dbeta: dbeta?.data, mean: layer.runningMean, variance: layer.runningVar };
      const present = Object.entries(all).filter(([, values]) => values);
      return Object.fromEntries(present.map(([name, values]) => [name, (values as Float64Array).slice()]));
    });
    return { y: join("y"), dx: join("dx"), branch: join("branch"), perChannel };
  });
}

/** Against the reference of the whole batch; all ranks have the same bits. */
function expectWhole(p: Problem, counts: readonly number[], mode: Mode, runningVariance: "unbiased" | "population") {
  const want = expectation(p);
  const { y, dx, branch, perChannel } = stepOf(p, counts, mode, { runningVariance });
  const line = `${p.line} on ${counts.join(" + ")}`;
  expectClose(line, "y", y, want.y);
  // What is within the goal of its terms counts as the reference; the rest is judged by the metric.
  const near = (value: number, i: number) => Math.abs(value - want.dx.ref[i]) <= goal * want.dxTerms(i);
  expectClose(
    line,
    "dx",
    dx.map((value, i) => (near(value, i) ? want.dx.ref[i] : value)),
    want.dx,
  );
  if (p.residual) {
    const used = p.frozen ?? want.statistics;
    expectEqual(line, "residual's", branch, maskedGradient(p.dy, p.x, p.shape, p.layout, used, p));
  }
  const [first] = perChannel;
  if (p.gamma) expectClose(line, "dgamma", first.dgamma as Float32Array, want.dgamma);
  if (p.beta) expectClose(line, "dbeta", first.dbeta as Float32Array, want.dbeta);
  if (mode === "train") {
    const zeros = new Float64Array(want.statistics.mean.length);
    const before = { mean: zeros, variance: zeros.map(() => 1) };
    const { mean, variance } = updateRunning(before, want.statistics, 0.1, runningVariance);
    expectWithin(line, "running mean", first.mean, mean, (c) => goal * 0.1 * want.mean.scale[c]);
    expectWithin(line, "running variance", first.variance, variance, (c) => goal * variance[c]);
  }
  for (const [rank, values] of perChannel.entries()) {
    for (const name of Object.keys(first)) expectBits(`${line}, rank ${rank}`, name, values[name], first[name]);
  }
}

describe("ranks with parts of a batch equal one process with the whole batch", () => {
  const extents = [4, 5, 3, 7];
  const layouts = ["NC", "NCL", "NLC", "NCHW", "NHWC"] as const;
  const modes = ["train", "eval", "eval-batch"] as const;
  const words = ["gamma beta", "relu gamma beta", "relu gamma", "beta", "relu gamma beta residual"];
  it.each(modes)("in mode %s", (mode) => {
    let n = 0;
    for (const layout of layouts) {
      const shape = shapeIn(layout, extents.slice(0, layout.length)).join("x");
      for (const counts of shards) {
        const p = problemOf(caseOf(`${layout} ${shape} ${mode} ${words[n % words.length]}`));
        expectWhole(p, counts, mode, n++ % 2 === 0 ? "unbiased" : "population");
      }
    }
  });

  it("at mean 1e6, and where each rank has another mean", () => {
    const noise = random(3);
    const values = [
      { x: (channel: number) => 1e6 + channel + noise.normal() },
      { x: (_: number, index: number) => (index % 2 ? 1e3 : -1e3) * Math.floor(index / 60) + noise.normal() },
    ];
    for (const each of values) {
      for (const counts of shards) {
        expectWhole(problemOf(caseOf("NHWC 4x3x4x5 train gamma beta"), each), counts, "train", "unbiased");
      }
    }
  });

  it("in batches of real sizes", () => {
    expectWhole(problemOf(caseOf("NCHW 31x16x9x7 train relu gamma beta")), [8, 20, 3], "train", "unbiased");
    expectWhole(problemOf(caseOf("NHWC 31x9x7x33 train gamma beta")), [1, 30], "train", "population");
  });
});

it("a constant channel gives exactly beta, a NaN stays in its channel", () => {
  const p = problemOf(caseOf("NC 12x3 train gamma beta"), {
    x: (channel, index) => (channel === 0 ? 0.1 : channel === 1 && index === 4 ? Number.NaN : index),
  });
  const { y } = stepOf(p, [5, 0, 7], "train", {});
  const at = (channel: number) => Array.from({ length: 12 }, (_, n) => y[3 * n + channel]);
  expect(new Set(at(0))).toEqual(new Set([p.beta?.[0]]));
  expect(at(1).every(Number.isNaN)).toBe(true);
  expect(at(2).some(Number.isNaN)).toBe(false);
});

it("running statistics follow step by step, with one weight for all steps where momentum is null", () => {
  const p = problemOf(caseOf("NC 6x2 train"));
  const { mean, variance } = expectation(p).statistics;
  const [first] = stepOf(p, [1, 5], "train", { momentum: null }, 3).perChannel;
  // Three times the same batch: each update is three roundings of values of the same size, and statistics are within the goal.
  expectWithin(p.line, "mean", first.mean, mean, (c) => (goal + 9 * u64) * Math.abs(mean[c]));
  expectWithin(
    p.line,
    "variance",
    first.variance,
    Float64Array.from(variance, (v) => 1.2 * v),
    (c) => (goal + 9 * u64) * 1.2 * variance[c],
  );
});
