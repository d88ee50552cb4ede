import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { batchNormTraining } from "../../src/tfjs/index.js";
import { expectWithin } from "../helpers/compare.js";
import { goal, u } from "../helpers/metric.js";
import { expectation } from "../helpers/problem.js";
import * as reference from "../helpers/reference.js";
import { expectRefused, type Refused } from "../helpers/refused.js";
import { expectTensor, gradientsFor, hosts, read, tensorsOf, tf, tfjsProblem, useHost, vector } from "./backends.js";

/** Ranks 2 to 5 with the channels on every axis; extents 1, odd, multiples of 4, and a channel alone. */
const shapes = [
  [7, 5],
  [3, 8],
  [4, 3, 5],
  [2, 17, 1],
  [2, 3, 5, 4],
  [3, 1, 7, 2],
  [2, 3, 2, 5, 3],
  [1, 4, 3, 2, 7],
];
const cases = shapes.flatMap((shape) => shape.map((_, axis) => [shape, axis] as const));
const affines = [
  { gamma: true, beta: true },
  { gamma: false, beta: true },
  { gamma: true, beta: false },
  { gamma: false, beta: false },
];

describe.each(hosts)("batchNormTraining on %s", (host) => {
  beforeEach(async () => {
    await useHost(host);
    tf.engine().startScope();
  });
  afterEach(() => tf.engine().endScope());

  const problems = cases.map(([shape, axis], i) => tfjsProblem(shape, axis, affines[i % affines.length]));

  it.each(problems.map((p) => [p.line, p] as const))("%s", (_, p) => {
    const want = expectation(p);
    const { x, dy, gamma, beta } = tensorsOf(p);
    const { axis, eps } = p;
    const { y, mean, variance } = batchNormTraining(x, gamma, beta, { axis, eps });
    expect([y.shape, mean.shape, variance.shape]).toEqual([p.own, [p.own[axis]], [p.own[axis]]]);
    expectTensor(p, "y", y, want.y);
    expectTensor(p, "mean", mean, want.mean);
    expectTensor(p, "variance", variance, want.variance);
    const train = (x: tf.Tensor | null, gamma: tf.Tensor | null, beta: tf.Tensor | null) =>
      batchNormTraining(x as tf.Tensor, gamma, beta, { axis: axis - p.own.length, eps }).y;
    const [dx, dgamma, dbeta] = gradientsFor([x, gamma, beta], dy, train);
    expectTensor(p, "dx", dx, want.dx);
    if (gamma) expectTensor(p, "dgamma", dgamma, want.dgamma);
    if (beta) expectTensor(p, "dbeta", dbeta, want.dbeta);
  });

  it.each([0, 1, 2])("mean and variance are functions of x too: axis %d", (axis) => {
    const p = tfjsProblem([5, 4, 3], axis);
    const { x } = tensorsOf(p);
    const { channelOf, count, channels } = reference.axes(p.shape, p.layout);
    const weights = Float32Array.from({ length: 2 * channels }, (_, i) => (i % 3) - 1.25);
    const [ofMean, ofVariance] = [weights.subarray(0, channels), weights.subarray(channels)];
    const loss = (x: tf.Tensor) => {
      const { mean, variance } = batchNormTraining(x, null, null, { axis });
      const weighted = [tf.mul(mean, vector(ofMean) as tf.Tensor), tf.mul(variance, vector(ofVariance) as tf.Tensor)];
      return tf.add(tf.sum(weighted[0]), tf.sum(weighted[1]));
    };
    const { mean } = reference.statistics(p.x, p.shape, p.layout);
    const term = (i: number) => ((2 * (p.x[i] - mean[channelOf(i)])) / count) * ofVariance[channelOf(i)];
    const ref = Float64Array.from(p.x, (_, i) => ofMean[channelOf(i)] / count + term(i));
    // Four roundings of each of the two terms, and one of their sum: 5u of both; and the goal for the error of the mean.
    expectWithin(p.line, "dx", read(tf.grad(loss)(x)), ref, (i) => {
      const [constant, variable] = [Math.abs(ofMean[channelOf(i)] / count), Math.abs(term(i))];
      return (
        5 * u * (constant + variable) + goal * Math.abs((2 / count) * ofVariance[channelOf(i)] * mean[channelOf(i)])
      );
    });
  });

  it("keeps mean and invstd in float64 for the backward pass: a mean of 1e6", () => {
    const p = tfjsProblem([64, 3], 1, { x: (c, i) => 1e6 + ((i * 7919) % 101) / 16 + c });
    const want = expectation(p);
    const { x, dy, gamma, beta } = tensorsOf(p);
    expectTensor(p, "y", batchNormTraining(x, gamma, beta).y, want.y);
    const dx = tf.grad((x) => batchNormTraining(x, gamma, beta).y)(x, dy);
    expectTensor(p, "dx", dx, want.dx);
  });

  it("converts other types, and has a gradient for what was converted", () => {
    // Of bool the cpu backend's cast leaves bytes, a quarter of the floats' size; 66 values are more than a block's padding.
    const values = Array.from({ length: 66 }, (_, i) => (i * i) % 7);
    for (const dtype of ["int32", "bool"] as const) {
      const given = dtype === "bool" ? values.map((value) => value % 2) : values;
      const [x, floats] = [tf.tensor2d(given, [33, 2], dtype), tf.tensor2d(given, [33, 2])];
      const expected = batchNormTraining(floats, null, null).y;
      for (const { y } of [x, tf.cast(x, "float32")].map((each) => batchNormTraining(each, null, null))) {
        expect([y.dtype, ...read(y)]).toEqual(["float32", ...read(expected)]);
      }
      const dy = tf.tensor2d(values, [33, 2]);
      const [dx, dfloats] = [x, floats].map((each) => tf.grad((x) => batchNormTraining(x, null, null).y)(each, dy));
      expect([...read(dx)]).toEqual([...read(dfloats)]);
    }
  });

  it("an empty batch gives an empty y, statistics and gradients of 0", () => {
    const x = tf.zeros([0, 3, 2]);
    const [gamma, beta] = [tf.ones([2]), tf.ones([2])];
    const { y, mean, variance } = batchNormTraining(x, gamma, beta);
    expect([y.shape, [...read(mean)], [...read(variance)]]).toEqual([
      [0, 3, 2],
      [0, 0],
      [0, 0],
    ]);
    const [dx, dgamma, dbeta] = gradientsFor([x, gamma, beta], tf.zeros([0, 3, 2]), (x, gamma, beta) => {
      return batchNormTraining(x as tf.Tensor, gamma, beta).y;
    });
    expect([dx?.shape, [...read(dgamma as tf.Tensor)], [...read(dbeta as tf.Tensor)]]).toEqual([
      [0, 3, 2],
      [0, 0],
      [0, 0],
    ]);
  });

  it('one value per channel is refused; with "pass" y is beta, and its gradients are 0 but for dbeta', () => {
    const [x, beta, dy] = [tf.tensor2d([[3, -5]]), tf.tensor1d([7, 8]), tf.tensor2d([[2, 4]])];
    expect(() => batchNormTraining(x, null, beta)).toThrow(RangeError);
    const run = (x: tf.Tensor | null, beta: tf.Tensor | null) =>
      batchNormTraining(x as tf.Tensor, null, beta, { singleValue: "pass" }).y;
    expect([...read(run(x, beta))]).toEqual([7, 8]);
    expect(gradientsFor([x, beta], dy, run).map((gradient) => [...read(gradient as tf.Tensor)])).toEqual([
      [0, 0],
      [2, 4],
    ]);
  });

  it("refuses wrong arguments, naming them, and leaves nothing behind", () => {
    const x = tf.ones([4, 3]);
    const disposed = tf.ones([4, 3]);
    disposed.dispose();
    const strings = tf.tensor2d(["a", "b", "c", "d"], [2, 2]);
    const at = tf.memory().numTensors;
    const call =
      (...args: unknown[]) =>
      () =>
        (batchNormTraining as (...args: unknown[]) => unknown)(...args);
    const single = tf.ones([1, 64]);
    const refused: Refused[] = [
      ["x", call([1, 2]), TypeError, '"x" expected a tensor, got Array'],
      ["x undefined", call(undefined), TypeError, '"x" expected a tensor, got undefined'],
      ["x disposed", call(disposed), Error, "tensor was disposed"],
      ["x of strings", call(strings), TypeError, '"x" expected float32, int32 or bool, got string'],
      ["x of rank 1", call(tf.ones([4])), RangeError, '"x" expected a tensor of rank 2 or more, got shape [4]'],
      ["gamma", call(x, tf.ones([4])), RangeError, '"gamma" expected shape [3], got shape [4]'],
      ["beta", call(x, null, tf.ones([1, 3])), RangeError, '"beta" expected shape [3], got shape [1, 3]'],
      ["beta", call(x, null, 0), TypeError, '"beta" expected a tensor, got number'],
      [
        "axis",
        call(x, null, null, { axis: 2 }),
        RangeError,
        '"axis" expected an integer from -2 to 1 (shape [4, 3]), got 2',
      ],
      [
        "axis",
        call(x, null, null, { axis: -3 }),
        RangeError,
        '"axis" expected an integer from -2 to 1 (shape [4, 3]), got -3',
      ],
      [
        "axis",
        call(x, null, null, { axis: "1" }),
        TypeError,
        '"axis" expected an integer from -2 to 1 (shape [4, 3]), got string',
      ],
      ["eps", call(x, null, null, { eps: -1 }), RangeError, '"eps" expected a number >= 0, got -1'],
      ["options", call(x, null, null, null), TypeError, '"options" expected an object, got null'],
      [
        "epsilon",
        call(x, null, null, { axis: -1, epsilon: 1e-5 }),
        RangeError,
        '"options" has no "epsilon"; did you mean "eps"?',
      ],
      [
        "single_value",
        call(x, null, null, { single_value: "pass" }),
        RangeError,
        '"options" has no "single_value"; did you mean "singleValue"?',
      ],
      [
        "singleValue",
        call(x, null, null, { singleValue: "zero" }),
        RangeError,
        '"singleValue" expected "refuse" or "pass", got "zero"',
      ],
      [
        "one value",
        call(single),
        RangeError,
        '"x" expected at least 2 values per channel in training, got 1 (shape [1, 64], axis 1): take larger batches, ' +
          'or keep the y = beta of TensorFlow.js by the option singleValue: "pass" of install or batchNormTraining',
      ],
    ];
    for (const each of refused) expectRefused(each);
    expect(tf.memory().numTensors - at).toBe(4); // x of rank 1, gamma and beta made here, and single
  });
});
