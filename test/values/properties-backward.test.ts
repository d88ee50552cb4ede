import fc from "fast-check";
import { describe, it } from "vitest";
import { anyCase, grid, plain, run } from "../helpers/arbitrary.js";
import { expectBits, expectWithin } from "../helpers/compare.js";
import { step } from "../helpers/harness.js";
import { goal } from "../helpers/metric.js";
import { expectation, problemOf } from "../helpers/problem.js";
import * as reference from "../helpers/reference.js";

/** Identities of the backward pass on random shapes, layouts and options. */

describe("properties of backward", () => {
  it("Σdx = 0 and Σdx·xhat = gamma·invstd·dgamma·eps·invstd², per channel", () => {
    run(
      fc.property(anyCase(["train", "eval-batch"]), (one) => {
        const p = problemOf(one);
        const axes = reference.axes(p.shape, p.layout);
        const { dx: want, dgamma, statistics } = expectation(p);
        const { dx } = step(p, one.mode);
        const xhat = reference.standardize(p.x, p.shape, p.layout, statistics, p.eps);
        const invstd = reference.invstd(statistics.variance, p.eps);
        // Each dx is within the goal of what sums to that, xhat² summing to m·variance·invstd² = m(1 - eps·invstd²).
        const slack = (i: number) => goal * Math.max(Math.abs(want.ref[i]), want.scale[axes.channelOf(i)]);
        const sums = reference.channelSums(axes, (i) => dx[i]);
        const bounds = reference.channelSums(axes, slack);
        expectWithin(one.line, "Σdx", sums, new Float64Array(axes.channels), (c) => 1.01 * bounds[c]);
        const products = reference.channelSums(axes, (i) => dx[i] * xhat[i]);
        const productBounds = reference.channelSums(axes, (i) => slack(i) * Math.abs(xhat[i]));
        const rest = invstd.map((s, c) => (p.gamma?.[c] ?? 1) * s * dgamma.ref[c] * p.eps * s * s);
        expectWithin(one.line, "Σdx·xhat", products, rest, (c) => 1.01 * productBounds[c]);
      }),
    );
  });

  it("backward is linear in dy, exactly for powers of two", () => {
    run(
      fc.property(anyCase(["train", "eval"]), fc.integer({ min: -30, max: 30 }), (one, power) => {
        const p = problemOf(one);
        const scaled = step({ ...p, dy: p.dy.map((value) => value * 2 ** power) }, one.mode);
        const got = step(p, one.mode);
        for (const name of ["dx", "dgamma", "dbeta"] as const) {
          const values = got[name];
          if (values)
            expectBits(
              one.line,
              name,
              scaled[name] as Float32Array,
              values.map((value) => value * 2 ** power),
            );
        }
      }),
    );
  });

  it("backward of a sum is the sum of the backwards", () => {
    run(
      fc.property(anyCase(["train", "eval"]), fc.integer(), (one, seed) => {
        const p = problemOf(plain(one), { dy: grid(seed) });
        const q = { ...p, dy: problemOf(plain(one), { dy: grid(seed ^ 1) }).dy };
        const both = { ...p, dy: p.dy.map((value, i) => value + q.dy[i]) };
        const [a, b, sum] = [p, q, both].map((each) => ({ got: step(each, one.mode), want: expectation(each) }));
        for (const name of ["dx", "dgamma", "dbeta"] as const) {
          const [first, second, got] = [a.got[name], b.got[name], sum.got[name]];
          if (!first || !second || !got) continue;
          const size = ({ want }: typeof a, i: number) =>
            Math.max(Math.abs(want[name].ref[i]), want[name].scale[want[name].channelOf(i)]);
          const total = Float64Array.from(first, (value, i) => value + second[i]);
          expectWithin(one.line, name, got, total, (i) => goal * (size(a, i) + size(b, i) + size(sum, i)));
        }
      }),
    );
  });
});
