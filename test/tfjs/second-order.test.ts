import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { batchNormInference, batchNormTraining, install, uninstall } from "../../src/tfjs/index.js";
import { expectWithin } from "../helpers/compare.js";
import { u } from "../helpers/metric.js";
import * as reference from "../helpers/reference.js";
import { hosts, read, type TfjsProblem, tensorsOf, tf, tfjsProblem, tfl, useHost } from "./backends.js";

/**
 * Gradients of gradients: of sum(dx * w) for x, where dx is the gradient of y for dy. The reference is the central
 * difference of the reference's dx in float64.
 */

const step = 2 ** -12;

/** dx of the reference at x, as a weighted sum. */
function weightedGradient(p: TfjsProblem, x: ArrayLike<number>, weights: ArrayLike<number>): number {
  const used = p.frozen ?? reference.statistics(x, p.shape, p.layout);
  const sums = p.frozen ? null : reference.gradientSums(p.dy, x, p.shape, p.layout, used, p);
  const dx = reference.inputGradient(p.dy, x, p.shape, p.layout, used, sums, p);
  return dx.reduce((sum, value, i) => sum + value * weights[i], 0);
}

function central(p: TfjsProblem, weights: ArrayLike<number>): Float64Array {
  return Float64Array.from(p.x, (_, i) => {
    const shifted = (by: number) =>
      weightedGradient(
        p,
        Float64Array.from(p.x, (value, j) => value + (i === j ? by : 0)),
        weights,
      );
    return (shifted(step) - shifted(-step)) / (2 * step);
  });
}

function second(p: TfjsProblem, weights: Float32Array, f: (x: tf.Tensor) => tf.Tensor): Float32Array {
  const { x, dy } = tensorsOf(p);
  const w = tf.tensor(weights, [...p.own]);
  return read(tf.grad((x) => tf.sum(tf.mul(tf.grad(f)(x, dy), w)))(x));
}

describe.each(hosts)("gradients of gradients on %s", (host) => {
  beforeEach(async () => {
    await useHost(host);
    tf.engine().startScope();
  });
  afterEach(() => {
    tf.engine().endScope();
    uninstall();
  });

  // Of mean 0 and variance 1, so that all terms are of size 1.
  const p = tfjsProblem([6, 3, 2], 1, { gamma: false, beta: false, x: (c, i) => Math.sin(7 * i + c) * Math.SQRT2 });
  const weights = Float32Array.from(p.x, (_, i) => Math.cos(i * i));
  const ref = central(p, weights);
  // Second derivatives are sums over 12 values, at most four deep, of terms that are products of at most 8 factors of size
  // up to 4 in float32; the difference itself errs by step² times the third derivative, of at most 64 such terms.
  const bound = ((4 * 12 + 16) * u + 64 * step ** 2) * 64;

  it("batchNormTraining", () => {
    const got = second(p, weights, (x) => batchNormTraining(x, null, null, { axis: 1 }).y);
    expectWithin(p.line, "second", got, ref, () => bound);
    expect(Math.max(...ref.map(Math.abs))).toBeGreaterThan(8 * bound);
  });

  it("batchNormTraining outside of two inner gradients, which lead through it", () => {
    const { x, dy } = tensorsOf(p);
    const w = tf.tensor(weights, [...p.own]);
    const got = tf.grad((x) => {
      const { y } = batchNormTraining(x, null, null, { axis: 1 });
      const [first, second] = [0.25, 0.75].map((part) => tf.grads(() => tf.mul(y, part))([x], dy)[0]);
      return tf.sum(tf.mul(tf.add(first, second), w));
    })(x);
    expectWithin(p.line, "second", read(got), ref, () => bound);
  });

  it("the installed layer", async () => {
    await install(tf, { layers: tfl.layers });
    const layer = tfl.layers.batchNormalization({ axis: 1 });
    const got = second(p, weights, (x) => layer.apply(x, { training: true }) as tf.Tensor);
    expectWithin(p.line, "second", got, ref, () => bound);
  });

  it("mean and variance of a batch", () => {
    const { x } = tensorsOf(p);
    // d²/dx² of sum(variance²) along w, by hand: variance is quadratic.
    const loss = (x: tf.Tensor) => tf.sum(tf.square(batchNormTraining(x, null, null, { axis: 1 }).variance));
    const w = tf.tensor(weights, [...p.own]);
    const got = read(tf.grad((x) => tf.sum(tf.mul(tf.grad(loss)(x), w)))(x));
    const { channelOf, count } = reference.axes(p.shape, p.layout);
    const { mean, variance } = reference.statistics(p.x, p.shape, p.layout);
    const centred = Float64Array.from(p.x, (value, i) => value - mean[channelOf(i)]);
    const meanOf = (term: (i: number) => number) =>
      reference.channelSums(reference.axes(p.shape, p.layout), term).map((sum) => sum / count);
    const meanWeight = meanOf((i) => weights[i]);
    const along = meanOf((i) => weights[i] * centred[i]);
    const exact = centred.map((d, i) => {
      const c = channelOf(i);
      return (4 / count) * (2 * along[c] * d + variance[c] * (weights[i] - meanWeight[c]));
    });
    expectWithin(p.line, "second", got, exact, () => (4 * 12 + 16) * u * 16);
  });

  it("tf.batchNorm and batchNormInference: of sum(dx²) for variance", async () => {
    await install(tf);
    const q = tfjsProblem([6, 3], 1, { mode: "eval" });
    const { x, mean, variance, gamma, beta } = tensorsOf(q);
    const loss = (f: (x: tf.Tensor, variance: tf.Tensor) => tf.Tensor) => (variance: tf.Tensor) =>
      tf.sum(tf.square(tf.grad((x) => f(x, variance))(x)));
    // dx = gamma / sqrt(variance + eps) for each of 6 values: the derivative of 6·gamma² / (variance + eps).
    const exact = Float64Array.from(
      read(variance as tf.Tensor),
      (v, c) => (-6 * (q.gamma as Float32Array)[c] ** 2) / (v + q.eps) ** 2,
    );
    const functions = {
      fused: (x: tf.Tensor, v: tf.Tensor) =>
        tf.batchNorm(x, mean as tf.Tensor1D, v as tf.Tensor1D, beta as tf.Tensor1D, gamma as tf.Tensor1D),
      ours: (x: tf.Tensor, v: tf.Tensor) => batchNormInference(x, mean as tf.Tensor, v, gamma, beta),
    };
    for (const [name, f] of Object.entries(functions)) {
      const got = read(tf.grad(loss(f))(variance as tf.Tensor));
      expectWithin(q.line, name, got, exact, (c) => (6 + 16) * u * Math.abs(exact[c]));
    }
  });
});
