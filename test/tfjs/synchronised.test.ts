import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { install, uninstall } from "../../src/tfjs/index.js";
import { expectBits, expectClose, expectWithin } from "../helpers/compare.js";
import { goal, u } from "../helpers/metric.js";
import { expectation } from "../helpers/problem.js";
import { Ranks } from "../helpers/ranks.js";
import { hosts, read, tensorsOf, tf, tfjsProblem, tfl, useHost } from "./backends.js";

/** Layers over ranks that each have some samples of a batch, against the reference of the whole batch. */

type Layer = tfl.layers.Layer;

const shards = [[6], [3, 3], [5, 1], [0, 6], [1, 2, 3, 0]];

describe.each(hosts)("install with allReduce, on %s", (host) => {
  beforeEach(async () => {
    await useHost(host);
    tf.engine().startScope();
  });
  afterEach(() => {
    tf.engine().endScope();
    uninstall();
  });

  /** A layer per rank with its part of the batch. */
  async function partsOf(counts: readonly number[], shape: readonly number[], axis: number, args: object = {}) {
    const p = tfjsProblem(shape, axis);
    const ranks = new Ranks(counts.length);
    await install(tf, { layers: tfl.layers, allReduce: ranks.allReduce });
    const { x, dy, gamma, beta } = tensorsOf(p);
    const [xs, dys] = [x, dy].map((each) => tf.split(each, counts as number[], 0));
    const layers = counts.map((_, rank) => {
      const layer = tfl.layers.batchNormalization({ axis, momentum: 0.9, epsilon: p.eps, ...args });
      layer.build([...shape]);
      const [, , mean, variance] = layer.getWeights();
      layer.setWeights([gamma as tf.Tensor, beta as tf.Tensor, mean, variance]);
      return { layer, x: xs[rank], dy: dys[rank] };
    });
    return { p, ranks, parts: layers, want: expectation(p) };
  }

  const weights = (layer: Layer) => layer.getWeights().map((weight) => read(weight));

  it.each(shards.map((counts) => [counts]))("samples %j: forward and moving statistics", async (counts) => {
    for (const [shape, axis] of [
      [[6, 5], 1],
      [[6, 3, 2, 4], 3],
      [[6, 4, 3], 1],
    ] as [number[], number][]) {
      const { p, ranks, parts, want } = await partsOf(counts, shape, axis);
      const ys = ranks.run((rank) => parts[rank].layer.apply(parts[rank].x, { training: true }) as tf.Tensor);
      const line = `${p.line} on ${counts.join(" + ")}`;
      expectClose(line, "y", read(tf.concat(ys, 0)), want.y);
      const [, , mean, variance] = weights(parts[0].layer);
      // From 0 and 1, in float32.
      const [ref, scale] = [want.statistics, want.mean.scale] as const;
      const near = (c: number) => 0.1 * (goal + u) * scale[c] + u * Math.abs(0.1 * ref.mean[c]);
      expectWithin(
        line,
        "mean",
        mean,
        Float64Array.from(ref.mean, (value) => 0.1 * value),
        near,
      );
      const variances = Float64Array.from(ref.variance, (value) => 0.9 + 0.1 * value);
      expectWithin(line, "variance", variance, variances, (c) => 0.1 * goal * ref.variance[c] + u * variances[c]);
      const all = parts.map(({ layer }) => weights(layer));
      all[0].forEach((first, i) => {
        for (const each of all) expectBits(line, `weight ${i}`, each[i], first);
      });
      expect(ranks.lengths).toEqual([64, shape[axis] + 1, shape[axis]]);
      uninstall();
    }
  });

  it.each(shards.map((counts) => [counts]))("samples %j: gradients, of parameters to be added up", async (counts) => {
    const { p, ranks, parts, want } = await partsOf(counts, [6, 3, 2, 4], 3);
    // The first message, which is sent once, would not come again where the ranks begin again.
    ranks.run((rank) => parts[rank].layer.apply(parts[rank].x, { training: true }));
    const gradients = ranks.run((rank) => {
      const { layer, x, dy } = parts[rank];
      const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const y = (x: tf.Tensor) => tf.sum(tf.mul(layer.apply(x, { training: true }) as tf.Tensor, dy)) as tf.Scalar;
      const dx = tf.grad(y)(x);
      const { grads } = tf.variableGrads(() => y(x), variables);
      return { dx, ...Object.fromEntries(variables.map(({ name }, i) => [["dgamma", "dbeta"][i], grads[name]])) };
    }) as unknown as Record<"dx" | "dgamma" | "dbeta", tf.Tensor>[];
    const line = `${p.line} on ${counts.join(" + ")}`;
    expectClose(
      line,
      "dx",
      read(
        tf.concat(
          gradients.map(({ dx }) => dx),
          0,
        ),
      ),
      want.dx,
    );
    for (const name of ["dgamma", "dbeta"] as const) {
      expectClose(line, name, read(tf.addN(gradients.map((each) => each[name]))), want[name]);
    }
  });

  it("refuses what would give the numbers of one rank in silence", async () => {
    const { parts, ranks } = await partsOf([3, 3], [6, 5], 1);
    const [{ layer, x }] = parts;
    const apply = () => layer.apply(x, { training: true });
    await install(tf, { allReduce: (async () => {}) as never });
    expect(apply).toThrow('"allReduce" expected a function that returns nothing, got Promise');
    await install(tf, { allReduce: () => void apply() });
    expect(apply).toThrow("allReduce must not use the layer that called it");
    await install(tf, { allReduce: () => {} });
    const sum = (x: tf.Tensor) => tf.sum(layer.apply(x, { training: true }) as tf.Tensor);
    expect(() => tf.grad((x) => tf.sum(tf.square(tf.grad(sum)(x))))(x)).toThrow("gradients of gradients");
    await expect(install(tf, { allReduce: 1 as never })).rejects.toThrow('"allReduce" expected a function, got number');
    expect(ranks.lengths).toEqual([]);
  });

  it("tells ranks apart whose layers differ", async () => {
    const { parts, ranks } = await partsOf([3, 3], [6, 5], 1);
    (parts[1].layer as unknown as { momentum: number }).momentum = 0.5;
    const run = () => ranks.run((rank) => parts[rank].layer.apply(parts[rank].x, { training: true }));
    expect(run).toThrow(new RangeError('"momentum" expected the same on all 2 ranks, here 0.9'));
  });

  it("sends nothing in inference, and counts the values of all ranks", async () => {
    const { parts, ranks } = await partsOf([1, 1, 4], [6, 5], 1);
    ranks.run((rank) => parts[rank].layer.apply(parts[rank].x));
    expect(ranks.lengths).toEqual([]);
    await install(tf, { singleValue: "refuse" });
    // One value per channel on two ranks, which is no single value.
    ranks.run((rank) => parts[rank].layer.apply(parts[rank].x, { training: true }));
    const alone = await partsOf([1, 0], [1, 5], 1);
    const refused = () =>
      alone.ranks.run((rank) => alone.parts[rank].layer.apply(alone.parts[rank].x, { training: true }));
    expect(refused).toThrow('"x" expected at least 2 values per channel in training, got 1');
  });
});
