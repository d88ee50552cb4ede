import { describe, expect, it } from "vitest";
import { normalize } from "../../src/index.js";
import { type Case, cases, layouts } from "../helpers/cases.js";
import { expectBits, expectClose, expectWithin } from "../helpers/compare.js";
import { optionsOf, residualOf, scope } from "../helpers/harness.js";
import { u } from "../helpers/metric.js";
import { type Expectation, expectation, type Problem, problemOf } from "../helpers/problem.js";
import * as reference from "../helpers/reference.js";

const momentum = 0.1;

/**
 * With given statistics nothing is summed, and y is five roundings: of x - meanHi, of the scale, of their product, of
 * the shift beta - meanLo·scale and of y. So |error| <= u·(3|scale·(x - meanHi)| + |beta - meanLo·scale| + |y|), where
 * |meanLo| <= u|mean|. The sum with a residual is a sixth. A part in 2^20 more is for the products of roundings and for
 * float64.
 */
function inferenceBound(
  { x, gamma, beta, residual, eps, layout, shape }: Problem,
  given: reference.ReferenceStatistics,
) {
  const { channelOf } = reference.axes(shape, layout);
  const invstd = reference.invstd(given.variance, eps);
  return (i: number) => {
    const c = channelOf(i);
    const scale = Math.abs(gamma ? gamma[c] : 1) * invstd[c];
    const split = scale * u * Math.abs(given.mean[c]);
    const term = scale * Math.abs(x[i] - given.mean[c]) + split;
    const shift = Math.abs(beta ? beta[c] : 0) + split;
    const sum = residual ? term + shift + Math.abs(residual[i]) : 0;
    return u * (1 + 2 ** -20) * (3 * term + shift + (term + shift) + sum);
  };
}

function expectY(c: Case, p: Problem, want: Expectation, y: Float32Array): void {
  expectClose(c.line, "y", y, want.y);
  if (p.frozen) expectWithin(c.line, "y", y, want.y.ref, inferenceBound(p, p.frozen));
}

function expectRunning(
  c: Case,
  p: Problem,
  want: Expectation,
  layer: { runningMean: unknown; runningVar: unknown },
): void {
  const [mean, variance] = [layer.runningMean as Float64Array, layer.runningVar as Float64Array];
  if (c.mode === "eval-batch") {
    expect([mean, variance]).toEqual([null, null]);
  } else if (p.frozen) {
    expectBits(c.line, "runningMean", mean, p.frozen.mean);
    expectBits(c.line, "runningVar", variance, p.frozen.variance);
  } else {
    const { channels } = reference.axes(c.shape, c.layout);
    const first = { mean: new Float64Array(channels), variance: new Float64Array(channels).fill(1) };
    const running = reference.updateRunning(first, want.statistics, momentum, "unbiased");
    const scale = Float64Array.from(want.mean.scale, (s) => momentum * s);
    expectClose(c.line, "runningMean", mean, { ...want.mean, ref: running.mean, scale });
    expectClose(c.line, "runningVar", variance, { ...want.variance, ref: running.variance, scale: running.variance });
  }
}

describe.each(layouts)("forward %s", (layout) => {
  for (const c of cases.filter((one) => one.layout === layout)) {
    const p = problemOf(c);

    it(`layer ${c.line}`, () => {
      const want = expectation(p);
      scope((s) => {
        const layer = s.layer(p, c.mode, { momentum });
        const x = s.tensor(p, p.x);
        const { residual } = residualOf(s, p);
        const out = c.inPlace ? (residual ?? x) : s.tensor(p);
        const y = layer.forward(x, residual ? { out, residual } : out);
        expect(y).toBe(out);
        expectY(c, p, want, y.data);
        expectRunning(c, p, want, layer);
        expect(layer.numBatchesTracked).toBe(c.mode === "train" ? 1 : 0);
        if (out !== x) expectBits(c.line, "x", x.data, p.x);
        if (residual && out !== residual) expectBits(c.line, "residual", residual.data, p.residual as Float32Array);
      });
    });

    it(`functional ${c.line}`, () => {
      const want = expectation(p);
      scope((s) => {
        const x = s.tensor(p, p.x);
        const own = s.statistics(x);
        expect(own.count).toBe(want.statistics.count);
        expectClose(c.line, "mean", own.mean, want.mean);
        expectClose(c.line, "variance", own.variance, want.variance);
        const out = c.inPlace ? x : s.tensor(p);
        const y = normalize(x, p.frozen ?? own, { ...optionsOf(s, p), out });
        expect(y).toBe(out);
        expectY(c, p, want, y.data);
      });
    });
  }
});
