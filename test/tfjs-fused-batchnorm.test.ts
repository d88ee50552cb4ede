import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { install, uninstall } from "../src/tfjs/index.js";
import { expectWithin, goal } from "./compare.js";
import { hosts, read, tf, useHost } from "./tfjs.js";
import { broadcastProblem, expectNormalization, parameterShapes } from "./tfjs-normalization.js";

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

  it("refuses what does not broadcast, naming it", () => {
    const [x, v] = [tf.ones([2, 3, 4]), tf.ones([4])];
    expect(() => kernel(x, tf.ones([3]), v, null, null)).toThrow(
      new RangeError('"mean" expected a shape that broadcasts to [2, 3, 4] of "x", got [3]'),
    );
    expect(() => kernel(x, v, v, tf.ones([5]), null)).toThrow(/^"scale" expected/);
    expect(() => kernel(x, v, v, null, tf.ones([2, 2, 3, 4]))).toThrow(/^"offset" expected/);
  });
});
