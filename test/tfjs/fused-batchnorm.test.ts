import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { install, uninstall } from "../../src/tfjs/index.js";
import { expectWithin } from "../helpers/compare.js";
import { goal } from "../helpers/metric.js";
import { hosts, read, tf, useHost } from "./backends.js";
import { broadcastProblem, expectNormalization, parameterShapes } from "./normalization.js";

/** The kernel by its own name: here the parameters need not have equal ranks, which tf.batchNorm demands. */
function kernel(...[x, mean, variance, scale, offset]: (tf.Tensor | null)[]): tf.Tensor {
  const inputs = { x, mean, variance, scale: scale ?? undefined, offset: offset ?? undefined };
  return tf.engine().runKernel("FusedBatchNorm", inputs as unknown as tf.NamedTensorMap, { varianceEpsilon: 1e-3 });
}

const named = parameterShapes.map(([shape, own]) => [JSON.stringify([shape, ...own]), shape, own] as const);

describe.each(hosts)("the kernel FusedBatchNorm on %s", (host) => {
  beforeAll(async () => {
    await useHost(host);
    await install(tf);
  });
  afterAll(uninstall);
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it.each(named)("x and parameters %s: all five gradients", (line, shape, own) => {
    expectNormalization(line, broadcastProblem([...shape], [...own]), kernel);
  });

  const equalRanks = named.filter(([, shape, own]) => {
    const ranks = new Set(own.flatMap((extents) => (extents ? [extents.length] : [])));
    return ranks.size === 1 && shape.length >= Math.max(...ranks);
  });
  it.each(equalRanks)("tf.batchNorm: x and parameters %s", (line, shape, own) => {
    expectNormalization(line, broadcastProblem([...shape], [...own]), (x, mean, variance, scale, offset) =>
      tf.batchNorm(x as tf.Tensor, mean as tf.Tensor, variance as tf.Tensor, offset ?? undefined, scale ?? undefined),
    );
  });

  it("has a gradient for x alone, with neither scale nor offset", () => {
    const p = broadcastProblem([4, 6], [[6], [6], null, null]);
    const [mean, variance] = [p.mean, p.variance].map(({ values }) => tf.tensor1d(values as Float32Array));
    const x = tf.tensor2d(p.x as Float32Array, [4, 6]);
    const dx = tf.grad((x) => tf.batchNorm(x, mean, variance))(x, tf.tensor2d(p.dy as Float32Array, [4, 6]));
    const ref = Float64Array.from(p.dy, (dy, i) => dy / Math.sqrt(p.variance.values[i % 6] + 1e-3));
    expectWithin("[4, 6]", "dx", read(dx), ref, (i) => goal * Math.abs(ref[i]));
  });

  it("converts x and parameters of other types, and disposes what it converted", () => {
    const floats = [tf.tensor2d([1, 2, 3, 5], [2, 2]), tf.tensor1d([2, 1]), tf.tensor1d([1, 3])] as const;
    const [x, mean, variance] = floats.map((tensor) => tf.cast(tensor, "int32"));
    const before = tf.memory().numTensors;
    const y = kernel(x, mean, variance, null, null);
    expect(tf.memory().numTensors).toBe(before + 1);
    expect([y.dtype, ...read(y)]).toEqual(["float32", ...read(tf.batchNorm(...floats))]);
  });

  it("leaves to TensorFlow.js what does not broadcast, and answers as it does", async () => {
    const values = (...shape: number[]) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      const numbers = Float32Array.from({ length: size }, (_, i) => 1 + ((i * 7) % 5));
      return tf.tensor(numbers, shape);
    };
    const calls = [
      [values(2, 3, 4), values(3), values(3), values(3), values(3)], // channels first
      [values(2, 3, 4), values(4), values(4), values(5), null],
      [values(2, 3), values(1, 2, 3), values(1, 2, 3), null, values(2, 2, 3)],
    ];
    const answers = () => calls.map((inputs) => [...read(kernel(...inputs))]);
    const ours = answers();
    uninstall();
    expect(ours).toEqual(answers());
    await install(tf);
  });
});
