import { describe, it } from "vitest";
import { caseOf, shapeIn } from "../helpers/cases.js";
import { expectClose, expectEqual } from "../helpers/compare.js";
import { scope, step } from "../helpers/harness.js";
import { expectation, problemOf } from "../helpers/problem.js";
import * as reference from "../helpers/reference.js";

/** Channels of one value: the mean is the value and the variance 0, whatever the value and its number, so y is beta. */

describe("constant channels", () => {
  const constants = [0.1, 1e6 + 0.125, 3e38, 1e-30, -7.3, 0, 100, -3.4e38, 2 ** -149, 1 / 3].map(Math.fround);
  const shapesOf = [
    "2x10x49",
    "3x10x333",
    "7x10x1",
    "1000x10x1",
    "1x10x17",
    "130x10x5",
    "5x10x3",
    "2x10x2",
    "1x10x8209",
  ];

  for (const shape of shapesOf) {
    for (const layout of ["NCL", "NLC"]) {
      const text = shapeIn(layout, shape.split("x").map(Number)).join("x");
      it.each([0, 1e-5])(`${layout} ${text} eps %s: y is beta`, (eps) => {
        for (const options of ["gamma beta", "relu gamma beta", ""]) {
          const line = `${layout} ${text} train ${options}`.trim();
          const p = problemOf(caseOf(line), { x: (c) => constants[c], eps });
          const { channelOf } = reference.axes(p.shape, p.layout);
          const beta = p.x.map((_, i) => p.beta?.[channelOf(i)] ?? 0);
          const got = step(p, "train");
          expectEqual(line, "y", got.y, beta.map(reference.activations[p.activation].of));
          if (got.dgamma) expectEqual(line, "dgamma", got.dgamma, new Float32Array(constants.length));
          if (eps === 0) expectEqual(line, "dx", got.dx, new Float32Array(p.x.length));
          else expectClose(line, "dx", got.dx, expectation(p).dx);
        }
      });
    }
  }

  it.each(["NCL 3x10x333", "NLC 3x333x10"])("%s: mean is the value, variance 0", (shape) => {
    const line = `${shape} train`;
    const p = problemOf(caseOf(line), { x: (c) => constants[c] });
    scope((s) => {
      const own = s.statistics(s.tensor(p, p.x));
      expectEqual(line, "mean", own.mean, constants);
      expectEqual(line, "variance", own.variance, new Float64Array(constants.length));
    });
  });

  it("inference at the mean gives beta, whatever the variance", () => {
    const line = "NHWC 3x5x7x10 eval gamma beta";
    for (const variance of [0, 1e-12, 1, 1e30]) {
      const p = problemOf(caseOf(line), { x: (c) => constants[c], eps: 0 });
      const frozen = { count: 105, mean: constants, variance: constants.map(() => variance) };
      const beta = p.x.map((_, i) => p.beta?.[i % constants.length] ?? 0);
      expectEqual(line, "y", step({ ...p, frozen }, "eval").y, beta);
    }
  });

  it.each(["NCHW 3x10x5x7 eval gamma beta", "NC 33x10 eval gamma beta", "NLC 5x7x10 eval relu gamma beta"])(
    "%s with variance + eps of 0: y is beta and dx 0, whatever x",
    (line) => {
      const p = problemOf(caseOf(line), { eps: 0 });
      const { channelOf } = reference.axes(p.shape, p.layout);
      const frozen = { count: 1, mean: constants, variance: constants.map(() => 0) };
      const got = step({ ...p, frozen }, "eval");
      const beta = p.x.map((_, i) => p.beta?.[channelOf(i)] ?? 0);
      expectEqual(line, "y", got.y, beta.map(reference.activations[p.activation].of));
      expectEqual(line, "dx", got.dx, new Float32Array(p.x.length));
      if (got.dgamma) expectEqual(line, "dgamma", got.dgamma, new Float32Array(constants.length));
    },
  );
});
