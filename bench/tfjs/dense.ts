import { tf } from "./backends.js";
import { type Contender, difference, type Own, type Role, row, runOwn } from "./convolutions.js";
import type { ConvolutionResult } from "./results.js";

/** A dense layer. Its gradients are products of transposed matrices. */
interface Dense {
  name: string;
  batch: number;
  inputs: number;
  units: number;
}

const layers = [
  [64, 2304, 100],
  [64, 20736, 100],
  [256, 256, 120],
  [32, 784, 128],
  [10000, 32, 32],
];

export const DENSE: readonly Dense[] = layers.map(([batch, inputs, units]) => {
  return { name: `dense, ${batch}x${inputs} to ${units}`, batch, inputs, units };
});

function contendersOf({ batch, inputs, units }: Dense, own: Own): Map<Role, Contender> {
  const make = (shape: [number, number], seed: number) => tf.randomUniform(shape, -1, 1, "float32", seed);
  const [x, kernel, dy] = [make([batch, inputs], 1), make([inputs, units], 2), make([batch, units], 3)];
  const ofKernel = [
    { a: x, b: dy },
    { transposeA: true, transposeB: false },
  ] as const;
  const ofInput = [
    { a: dy, b: kernel },
    { transposeA: false, transposeB: true },
  ] as const;
  const run = (tensors: tf.NamedTensorMap, attrs: object) =>
    tf.engine().runKernel("BatchMatMul", tensors, attrs as tf.NamedAttrMap) as tf.Tensor;
  const roles: [Role, () => tf.Tensor][] = [
    ["forward", () => tf.matMul(x, kernel)],
    ["filter", () => run(...ofKernel)],
    ["filter, tfjs", () => runOwn(own, "BatchMatMul", ...ofKernel)],
    ["input", () => run(...ofInput)],
    ["input, tfjs", () => runOwn(own, "BatchMatMul", ...ofInput)],
  ];
  return new Map(roles.map(([role, f]) => [role, { run: () => tf.tidy(f), times: [] }]));
}

function check({ name }: Dense, results: Map<Role, Float32Array>): void {
  for (const role of ["filter", "input"] as const) {
    const [ours, theirs] = [results.get(role), results.get(`${role}, tfjs`)] as Float32Array[];
    if (!(difference(ours, theirs) < 1e-4)) throw new Error(`${name}: the gradient of the ${role} differs`);
  }
}

export const measureDense = (dense: Dense): Promise<ConvolutionResult> =>
  row(
    dense.name,
    (own) => contendersOf(dense, own),
    (results) => check(dense, results),
  );
