/** What the suites of the adapter share on every host: problems for TensorFlow.js, with the channels on any axis. */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { Case } from "../helpers/cases.js";
import { expectClose, type Want } from "../helpers/compare.js";
import { u } from "../helpers/metric.js";
import { type Problem, problemOf } from "../helpers/problem.js";
import * as reference from "../helpers/reference.js";

export { tf, tfl };

export interface TfjsProblem extends Problem {
  readonly axis: number;
  /** As TensorFlow.js sees x; the problem itself has an axis of extent 1 before it, for the reference. */
  readonly own: readonly number[];
}

export interface ProblemOptions {
  readonly gamma?: boolean;
  readonly beta?: boolean;
  readonly mode?: Case["mode"];
  readonly eps?: number;
  readonly x?: (channel: number, index: number) => number;
}

/** `axis` of `shape` holds the channels. */
export function tfjsProblem(shape: readonly number[], axis: number, options: ProblemOptions = {}): TfjsProblem {
  const { gamma = true, beta = true, mode = "train", eps = 1e-3, x } = options;
  const layout = `N${shape.map((_, i) => (i === axis ? "C" : "x")).join("")}` as Case["layout"];
  const words = [gamma ? "gamma" : "", beta ? "beta" : ""].filter(Boolean).join(" ");
  const line = `[${shape.join(", ")}] axis ${axis} ${mode} ${words}`.trim();
  const extents = [1, ...shape];
  const c: Case = {
    line,
    layout,
    shape: extents,
    mode,
    activation: "none",
    gamma,
    beta,
    inPlace: false,
    residual: false,
  };
  return { ...problemOf(c, { eps, ...(x && { x }) }), axis, own: shape };
}

/** With the statistics that are in the float32 tensors. */
export function rounded(p: TfjsProblem): TfjsProblem {
  if (p.frozen === null) return p;
  const [mean, variance] = [p.frozen.mean, p.frozen.variance].map((values) => Float32Array.from(values));
  return { ...p, frozen: { count: 1, mean, variance } };
}

export const read = (tensor: tf.Tensor): Float32Array => tensor.dataSync<"float32">();

export function vector(values: ArrayLike<number> | null): tf.Tensor1D | null {
  return values && tf.tensor1d(Float32Array.from(values));
}

/** A problem's tensors, x and dy of its own shape. */
export function tensorsOf(p: TfjsProblem) {
  return {
    x: tf.tensor(p.x, [...p.own]),
    dy: tf.tensor(p.dy, [...p.own]),
    gamma: vector(p.gamma),
    beta: vector(p.beta),
    mean: vector(p.frozen?.mean ?? null),
    variance: vector(p.frozen?.variance ?? null),
  };
}

/** The gradients of f's inputs for dy; null where the input is. */
export function gradientsFor(
  inputs: readonly (tf.Tensor | null)[],
  dy: tf.Tensor,
  f: (...inputs: (tf.Tensor | null)[]) => tf.Tensor,
): (tf.Tensor | null)[] {
  const present = inputs.filter((input) => input !== null);
  const gradients = tf.grads((...given) =>
    f(...inputs.map((input) => (input === null ? null : given[present.indexOf(input)]))),
  )(present, dy);
  return inputs.map((input) => (input === null ? null : gradients[present.indexOf(input)]));
}

export function expectTensor(p: TfjsProblem, name: string, got: tf.Tensor | null, want: Want, limit?: number): void {
  if (got === null) throw new Error(`${p.line}: ${name} is missing`);
  expectClose(p.line, name, read(got), want, limit);
}

/** The largest error of a tensor in the metric of compare.ts, without judging it: for what TensorFlow.js answers. */
export function largestError(got: ArrayLike<number>, ref: ArrayLike<number>): number {
  return Math.max(...Array.from(got, (value, i) => Math.abs(value - ref[i])));
}

/**
 * For operations of TensorFlow.js, all in float32. Four sums over `count` values lie on the way to a gradient (mean, variance, two of the gradient), each off
 * by at most (count - 1)u of its terms, and fewer than 16 other operations: u each, but up to 2.5 ulp = 5u for the three
 * divisions and inverse roots, which GLSL allows. An error of the mean counts in standard deviations, and its terms are at
 * most |mean| + std on average.
 */
export function composedLimit(p: TfjsProblem): number {
  const { count, mean, variance } = reference.statistics(p.x, p.shape, p.layout);
  const deviations = Math.max(...Array.from(mean, (value, c) => Math.abs(value) / Math.sqrt(variance[c])));
  return (4 * (count - 1) + 13 + 3 * 5) * u * (1 + deviations);
}
