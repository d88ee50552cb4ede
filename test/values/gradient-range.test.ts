import { describe, it } from "vitest";
import type { Activation } from "../../src/index.js";
import { memoryOf } from "../helpers/backend.js";
import { expectClose } from "../helpers/compare.js";
import { instanceOf } from "../helpers/instances.js";
import type { Floats } from "../helpers/placed.js";
import { expectation, type Problem, problemFrom } from "../helpers/problem.js";
import { fill, random } from "../helpers/random.js";
import { RawMemory, rawCall } from "../helpers/raw.js";

/**
 * dx is within the goal for dy, gamma and deviations of any size: where dy is subnormal and gamma / deviation makes dx a normal
 * number, and where dy is at the end of float32, sums of it beyond, and dx finite.
 */

const dySizes = [3.4e38, 3e37, 1e30, 1, 1e-30, 1e-33, 1e-36, 1e-38, 1e-40, 1e-43, 1e-45];
const gammas = [1e-30, -1e-10, 1, 1e5, -1e20, 1e30];
const deviations = [1e-10, 1e-5, 1, 1e5, 1e10];
/** In deviations. */
const distances = [0, 1.7, -30];

const channels = dySizes.flatMap((dy) =>
  gammas.flatMap((gamma) => deviations.map((deviation) => ({ dy, gamma, deviation }))),
);
/** Values of a channel. */
const COUNT = 130;
const shapes = [1, 2, 5, 13, COUNT].map((spatial) => [COUNT / spatial, channels.length, spatial]);

/** With relu, beta lets everything pass. */
function problemOf(shape: readonly number[], distance: number, activation: Activation): Problem {
  const noise = random(COUNT + distance);
  const [, , spatial] = shape;
  const channelOf = (i: number) => channels[Math.floor(i / spatial) % channels.length];
  const length = COUNT * channels.length;
  const x = fill(length, (i) => channelOf(i).deviation * (distance + noise.normal()));
  // Within ±1, so that the largest is a float32.
  const dy = fill(length, (i) => channelOf(i).dy * (2 * noise.uniform() - 1));
  const gamma = fill(channels.length, (c) => channels[c].gamma);
  const beta = activation !== "none" ? gamma.map((value) => 1000 * Math.abs(value)) : null;
  const p = problemFrom("NCL", shape, { x, dy, gamma, beta, eps: 0, activation });
  return shape[2] === 1 ? { ...p, layout: "NC", shape: shape.slice(0, 2) } : p;
}

describe.each(shapes)("%s x %s x %s", (...shape) => {
  const raw = new RawMemory(memoryOf({ initial: 64 }));

  it.each(distances.flatMap((distance) => ([0, 1] as const).map((activation) => [distance, activation] as const)))(
    "at %s deviations from 0, activation %s",
    (distance, activation) => {
      const p = problemOf(shape, distance, activation ? "relu" : "none");
      const want = expectation(p);
      const call = rawCall(p, instanceOf("backward", activation));
      for (const over of [undefined, ["dx", "dy"] as const]) {
        const { dx, dgamma, dbeta } = raw.run(call, { over }) as Record<string, Floats>;
        expectClose(p.line, "dbeta", dbeta, want.dbeta);
        expectClose(p.line, "dgamma", dgamma, want.dgamma);
        expectClose(p.line, "dx", dx, want.dx);
      }
    },
  );
});
