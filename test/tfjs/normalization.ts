/** Normalization by parameters of any shape: problems, and what is expected of a function that solves them. */
import { expect } from "vitest";
import { expectWithin } from "../helpers/compare.js";
import { goal } from "../helpers/metric.js";
import { random, seedOf } from "../helpers/random.js";
import { type Normalization, normalization, type Parameter } from "./broadcast.js";
import { gradientsFor, read, tf } from "./problem.js";

/** Over which axes each of mean, variance, gamma and beta varies; null for one that is absent. */
export const parameterShapes: [shape: number[], parameters: (number[] | null)[]][] = [
  [
    [4, 6],
    [[6], [6], [6], [6]],
  ],
  [
    [4, 6],
    [[4, 6], [1, 6], [4, 1], null],
  ],
  [
    [2, 3, 5],
    [
      [1, 3, 1],
      [1, 3, 1],
      [1, 3, 1],
      [1, 3, 1],
    ],
  ],
  [
    [2, 3, 5],
    [[3, 5], [5], [1], [3, 1]],
  ],
  [
    [2, 3, 2, 5],
    [
      [1, 3, 1, 5],
      [1, 3, 1, 5],
      [1, 3, 1, 5],
      [1, 3, 1, 5],
    ],
  ],
  [
    [2, 3, 2, 5],
    [[2, 1, 1, 1], [1, 1, 1, 5], null, [1, 1, 2, 1]],
  ],
  [
    [2, 3, 2, 5],
    [
      [2, 3, 2, 5],
      [2, 3, 2, 5],
      [2, 3, 2, 5],
      [2, 3, 2, 5],
    ],
  ],
  [
    [3, 4, 5, 2],
    [[1, 4, 5, 1], [1, 1, 5, 1], [4, 1, 1], null],
  ],
  [
    [2, 3, 2, 1, 5],
    [[1], [1, 1, 1, 1, 1], [5], [3, 1, 1, 5]],
  ],
  [[6], [[6], [6], null, [1]]],
];

export function broadcastProblem(shape: number[], [mean, variance, gamma, beta]: (number[] | null)[]): Normalization {
  const noise = random(seedOf(JSON.stringify([shape, mean, variance, gamma, beta])));
  const size = (extents: number[]) => extents.reduce((a, b) => a * b, 1);
  const values = (length: number, value: () => number) => Float32Array.from({ length }, value);
  const parameter = (extents: number[] | null, value: () => number): Parameter | null =>
    extents && { shape: extents, values: values(size(extents), value) };
  return {
    shape,
    x: values(size(shape), () => 2 * noise.normal()),
    dy: values(size(shape), () => noise.normal()),
    mean: parameter(mean, () => noise.normal()) as Parameter,
    variance: parameter(variance, () => 0.5 + noise.uniform()) as Parameter,
    gamma: parameter(gamma, () => noise.normal()),
    beta: parameter(beta, () => noise.normal()),
    eps: 1e-3,
  };
}

const tensor = (parameter: Parameter | null) =>
  parameter && tf.tensor(Float32Array.from(parameter.values), [...parameter.shape]);

/**
 * y and gradients of a function of (x, mean, variance, gamma, beta), which must be those of the reference: within `limit`
 * of the sum of their terms' absolute values.
 */
export function expectNormalization(
  line: string,
  problem: Normalization,
  f: (...inputs: (tf.Tensor | null)[]) => tf.Tensor,
  limit = goal,
): void {
  const ref = normalization(problem);
  const x = tf.tensor(problem.x as Float32Array, [...problem.shape]);
  const dy = tf.tensor(problem.dy as Float32Array, [...problem.shape]);
  const inputs = [x, ...[problem.mean, problem.variance, problem.gamma, problem.beta].map(tensor)];
  const gradients = gradientsFor(inputs, dy, f);
  const within = (
    name: string,
    got: tf.Tensor | null,
    sum: { values: Float64Array; absolute: Float64Array } | null,
  ) => {
    expect(got === null, `${line}: ${name} is missing`).toBe(sum === null);
    if (got && sum) expectWithin(line, name, read(got), sum.values, (i) => limit * sum.absolute[i]);
  };
  within("y", f(...inputs), ref.y);
  for (const [i, name] of (["x", "mean", "variance", "gamma", "beta"] as const).entries()) {
    within(`gradient of ${name}`, gradients[i], ref[name]);
    expect(gradients[i]?.shape, `${line}: gradient of ${name}`).toEqual(inputs[i]?.shape);
  }
}
