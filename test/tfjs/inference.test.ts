import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { batchNormInference } from "../../src/tfjs/index.js";
import { expectWithin } from "../helpers/compare.js";
import { u } from "../helpers/metric.js";
import { expectation } from "../helpers/problem.js";
import { expectRefused, type Refused } from "../helpers/refused.js";
import { expectTensor, gradientsFor, hosts, read, tensorsOf, tf, tfjsProblem, useHost } from "./backends.js";
import { broadcastProblem, expectNormalization, parameterShapes } from "./normalization.js";

describe.each(hosts)("batchNormInference on %s", (host) => {
  beforeEach(async () => {
    await useHost(host);
    tf.engine().startScope();
  });
  afterEach(() => tf.engine().endScope());

  const shapes = [
    [7, 5],
    [4, 3, 5],
    [2, 3, 5, 4],
    [2, 3, 2, 5, 3],
  ];
  const problems = shapes.flatMap((shape) =>
    shape.map((_, axis) => tfjsProblem(shape, axis, { mode: "eval", gamma: axis % 2 === 0, beta: axis % 3 < 2 })),
  );

  it.each(problems.map((p) => [p.line, p] as const))("%s", (_, p) => {
    const { axis, eps } = p;
    const { x, dy, gamma, beta, mean, variance } = tensorsOf(p);
    // The reference is to have the statistics that are in the float32 tensors.
    const frozen = { count: 1, mean: read(mean as tf.Tensor), variance: read(variance as tf.Tensor) };
    const want = expectation({ ...p, frozen });
    const run = (...[x, mean, variance, gamma, beta]: (tf.Tensor | null)[]) =>
      batchNormInference(x as tf.Tensor, mean as tf.Tensor, variance as tf.Tensor, gamma, beta, { axis, eps });
    const inputs = [x, mean, variance, gamma, beta];
    expectTensor(p, "y", run(...inputs), want.y);
    const [dx, , , dgamma, dbeta] = gradientsFor(inputs, dy, run);
    expectTensor(p, "dx", dx, want.dx);
    if (gamma) expectTensor(p, "dgamma", dgamma, want.dgamma);
    if (beta) expectTensor(p, "dbeta", dbeta, want.dbeta);
  });

  const inRank = parameterShapes.filter(([shape, parameters]) =>
    parameters.every((own) => !own || own.length === shape.length || own.length === 1),
  );
  it.each(inRank.map(([shape, parameters]) => [JSON.stringify([shape, ...parameters]), shape, parameters] as const))(
    "x and parameters %s: all five gradients",
    (line, shape, parameters) => {
      const problem = broadcastProblem(shape, parameters as (number[] | null)[]);
      expectNormalization(line, problem, (x, mean, variance, gamma, beta) =>
        batchNormInference(x as tf.Tensor, mean as tf.Tensor, variance as tf.Tensor, gamma, beta),
      );
    },
  );

  it("gives the whole gradient of training where mean and variance are functions of x", () => {
    const p = tfjsProblem([5, 3, 4], 1);
    const want = expectation(p);
    const { x, dy, gamma, beta } = tensorsOf(p);
    const composed = (x: tf.Tensor) => {
      const { mean, variance } = tf.moments(x, [0, 2]);
      return batchNormInference(x, mean, variance, gamma, beta, { axis: 1 });
    };
    // Relative to the terms of dx before they cancel: the sums of tf.moments and of its gradient over 20 values, three on
    // the way to any dx, are off by at most 19u each; and fewer than 16 other roundings to float32 lie on that way.
    const limit = (3 * 19 + 16) * u;
    expectWithin(p.line, "dx", read(tf.grad(composed)(x, dy)), want.dx.ref, (i) => limit * want.dxTerms(i));
  });

  it("refuses wrong arguments, naming them", () => {
    const [x, v] = [tf.ones([4, 3, 2]), tf.ones([2])];
    const call =
      (...args: unknown[]) =>
      () =>
        (batchNormInference as (...args: unknown[]) => unknown)(...args);
    const refused: Refused[] = [
      ["mean", call(x, 1, v), TypeError, '"mean" expected a tensor, got number'],
      ["variance", call(x, v, undefined), TypeError, '"variance" expected a tensor, got undefined'],
      ["gamma", call(x, v, v, {}), TypeError, '"gamma" expected a tensor, got Object'],
      [
        "mean",
        call(x, tf.ones([3]), v),
        RangeError,
        '"mean" expected shape [2] or one that broadcasts to [4, 3, 2] of "x", got [3]',
      ],
      [
        "beta",
        call(x, v, v, null, tf.ones([3, 2])),
        RangeError,
        '"beta" expected shape [2] or one that broadcasts to [4, 3, 2] of "x", got [3, 2]',
      ],
      [
        "axis",
        call(x, v, v, null, null, { axis: 3 }),
        RangeError,
        /^"axis" expected an integer from -3 to 2 \(shape \[/,
      ],
      [
        "varianceEpsilon",
        call(x, v, v, null, null, { varianceEpsilon: 1 }),
        RangeError,
        '"options" has no "varianceEpsilon"; did you mean "eps"?',
      ],
    ];
    for (const each of refused) expectRefused(each);
    const options = { axis: -1, eps: 1e-3, singleValue: "pass" as const, epsilon: undefined };
    expect(read(batchNormInference(x, v, v, null, null, options))).toEqual(read(batchNormInference(x, v, v)));
  });
});
