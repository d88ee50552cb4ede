import { describe, expect, it } from "vitest";
import { caseOf } from "../helpers/cases.js";
import { expectBits, expectClose } from "../helpers/compare.js";
import { scope } from "../helpers/harness.js";
import { type Problem, problemOf } from "../helpers/problem.js";
import * as reference from "../helpers/reference.js";

/** Sequences of batches against the running update of the reference. */

const momenta = [0.1, 0, 1, 0.37, null];
const kinds = ["unbiased", "population"] as const;
const sequences = [
  ["NC 2x5", "NC 3x5", "NC 17x5", "NC 129x5"],
  ["NCHW 2x3x5x7", "NCHW 1x3x1x2", "NCHW 3x3x11x4"],
  ["NLC 3x7x33", "NLC 1x2x33", "NLC 2x65x33", "NLC 4x5x33", "NLC 3x17x33"],
];

const perChannel = (i: number) => i;

/** The mean of |x|, per channel: the scale of the mean in the metric. */
function sizes(p: Problem): Float64Array {
  const axes = reference.axes(p.shape, p.layout);
  return reference.channelSums(axes, (i) => Math.abs(p.x[i]) / axes.count);
}

describe.each(momenta)("momentum %s", (momentum) => {
  describe.each(kinds)("%s variance", (runningVariance) => {
    it.each(sequences.map((shapes) => ({ shapes })))("$shapes", ({ shapes }) => {
      const problems = shapes.map((shape) => problemOf(caseOf(`${shape} train`)));
      const channels = reference.axes(problems[0].shape, problems[0].layout).channels;
      let running = { mean: new Float64Array(channels), variance: new Float64Array(channels).fill(1) };
      let scale = new Float64Array(channels);
      scope((s) => {
        const layer = s.layer(problems[0], "train", { momentum, runningVariance });
        problems.forEach((p, step) => {
          const batch = reference.statistics(p.x, p.shape, p.layout);
          const factor = momentum ?? 1 / (step + 1);
          running = reference.updateRunning(running, batch, factor, runningVariance);
          const size = sizes(p);
          scale = scale.map((old, c) => (1 - factor) * old + factor * size[c]);
          s.own(layer.forward(s.tensor(p, p.x)));
          expect(layer.numBatchesTracked).toBe(step + 1);
          const [mean, variance] = [layer.runningMean as Float64Array, layer.runningVar as Float64Array];
          expectClose(p.line, "runningMean", mean, { ref: running.mean, scale, channelOf: perChannel });
          expectClose(p.line, "runningVar", variance, {
            ref: running.variance,
            scale: running.variance,
            channelOf: perChannel,
          });
        });
      });
    });
  });
});

it("inference and backward leave the running statistics alone", () => {
  const p = problemOf(caseOf("NHWC 3x5x7x6 train gamma beta"));
  scope((s) => {
    const layer = s.layer(p, "train");
    const x = s.tensor(p, p.x);
    s.own(layer.forward(x));
    const [mean, variance] = [(layer.runningMean as Float64Array).slice(), (layer.runningVar as Float64Array).slice()];
    s.own(layer.backward(s.tensor(p, p.dy)).dx);
    s.own(layer.eval().forward(x));
    s.own(layer.backward(s.tensor(p, p.dy)).dx);
    expectBits(p.line, "runningMean", layer.runningMean as Float64Array, mean);
    expectBits(p.line, "runningVar", layer.runningVar as Float64Array, variance);
    expect(layer.numBatchesTracked).toBe(1);
  });
});

it("the cumulative average of 40 batches is the average of their statistics", () => {
  const problems = Array.from({ length: 40 }, (_, i) => problemOf(caseOf(`NC ${i + 2}x3 train`)));
  const batches = problems.map((p) => reference.statistics(p.x, p.shape, p.layout));
  const average = (value: (i: number, c: number) => number) =>
    [0, 1, 2].map((c) => batches.reduce((sum, _, i) => sum + value(i, c), 0) / batches.length);
  const unbiased = (i: number, c: number) => (batches[i].variance[c] * batches[i].count) / (batches[i].count - 1);
  scope((s) => {
    const layer = s.layer(problems[0], "train", { momentum: null });
    for (const p of problems) s.own(layer.forward(s.tensor(p, p.x)));
    const want = { mean: average((i, c) => batches[i].mean[c]), variance: average(unbiased) };
    const scale = average((i, c) => sizes(problems[i])[c]);
    const [mean, variance] = [layer.runningMean as Float64Array, layer.runningVar as Float64Array];
    expectClose("40 batches", "runningMean", mean, { ref: want.mean, scale, channelOf: perChannel });
    expectClose("40 batches", "runningVar", variance, {
      ref: want.variance,
      scale: want.variance,
      channelOf: perChannel,
    });
  });
});
