import fc from "fast-check";
import type { Activation, Layout } from "../../src/index.js";
import { type Case, layouts, lineOf, type Mode, shapeIn } from "./cases.js";
import type { Values } from "./problem.js";
import { random } from "./random.js";
import { activationNames, axes } from "./reference.js";

/** fast-check prints the seed and the path of a failure. */
export const run = (property: fc.IRawProperty<unknown>, numRuns = 60) =>
  fc.assert(property, { seed: 20_240_607, numRuns });

const extent = (max: number) =>
  fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 9 }) }, fc.integer({ min: 1, max }));

/** A case of at least two values per channel and at most about 10,000 in all. */
export const anyCase = (modes: readonly Mode[]): fc.Arbitrary<Case> =>
  fc
    .record({
      layout: fc.constantFrom<Layout>(...layouts),
      batch: extent(40),
      channels: extent(70),
      spatial: fc.tuple(extent(20), extent(4), extent(3)),
      mode: fc.constantFrom(...modes),
      activation: fc.constantFrom(...(activationNames as Activation[])),
      gamma: fc.boolean(),
      beta: fc.boolean(),
      residual: fc.boolean(),
    })
    .map(({ layout, batch, channels, spatial, ...options }) => {
      const shape = shapeIn(layout, [batch, channels, ...spatial.slice(0, layout.length - 2)]);
      const choice = { layout, shape, inPlace: false, ...options };
      return { line: lineOf(choice), ...choice };
    })
    .filter(({ shape, layout }) => axes(shape, layout).count > 1 && axes(shape, layout).size <= 10_000);

/** Multiples of 2^-8 below 4: sums, differences and small integer multiples are exact. */
export const grid = (seed: number): Values => {
  const noise = random(seed);
  return () => (noise.integer(2048) - 1024) * 2 ** -8;
};

export const plain = (one: Case): Case => ({ ...one, activation: "none" });
