import { describe, it } from "vitest";
import { batchOf, type Choice, kinds, layerArrays, layerOf } from "../helpers/batch.js";
import { expectBits } from "../helpers/compare.js";
import { phases, whole } from "../helpers/phases.js";
import { type Extents, Placed } from "../helpers/placed.js";
import { RawMemory } from "../helpers/raw.js";

/**
 * A step in one call gives the bits of its phases, one after the other, with channels of every kind, and touches nothing but its
 * outputs and scratch, which end where the memory ends.
 */

/** Planes, narrow planes, rows; on both sides of the widths of vectors, and of the counts at which sums change their way. */
const shapes: readonly Extents[] = [
  [5, 33, 1],
  [67, 6, 1],
  [300, 31, 1],
  [1030, 3, 1],
  [9, 260, 1],
  [1, 64, 1],
  [40, 7, 2],
  [33, 5, 3],
  [8, 9, 5],
  [7, 31, 13],
  [4, 8, 49],
  [2, 3, 1009],
  [3, 1, 64],
];

const choices: Readonly<Record<string, Choice>> = {
  plain: { activation: 0, eps: 1e-5 },
  "relu, eps 0": { activation: 1, eps: 0 },
  "in place": { activation: 0, eps: 0, inPlace: true },
  "relu, in place": { activation: 1, eps: 1e-5, inPlace: true },
  "without residual": { activation: 1, eps: 1e-5, absent: ["residual"] },
  "without gamma and its gradient": { activation: 1, eps: 1e-5, absent: ["gamma", "dgammaFloats"] },
  "without beta and its gradient": { activation: 0, eps: 1e-5, absent: ["beta", "dbetaFloats"], inPlace: true },
  "with nothing that may be absent": {
    activation: 1,
    eps: 1e-5,
    absent: ["gamma", "beta", "residual", "runningMean", "runningVar", "dgammaFloats", "dbetaFloats"],
  },
};

const all = Object.values(kinds);

/** What ends where the memory ends: something else for each choice, and for each shape. */
const lasts = [...layerArrays, "scratch" as const];

describe.each(shapes)("%s x %s x %s", (...extents) => {
  const raw = new RawMemory();

  it.each(Object.entries(choices))("%s", (name, choice) => {
    const turn = Object.keys(choices).indexOf(name) + 3 * shapes.findIndex((shape) => shape.join() === extents.join());
    const last = lasts[turn % lasts.length];
    const placed = new Placed(raw.kernels, raw.memory, extents, layerArrays, {}, { last, offset: () => 4 });
    placed.call = raw.watched(placed);
    // Each kind is in the batch or in another of the same extents, beside ordinary channels.
    for (let first = 0; first < all.length; first += Math.ceil(extents[1] / 2)) {
      const batch = batchOf(extents, (c) => (c % 2 ? {} : (all[first + c / 2] ?? {})));
      const want = layerOf(placed, batch, phases, choice);
      for (const [name, got] of Object.entries(layerOf(placed, batch, whole, choice))) {
        expectBits(`${extents} from kind ${first}`, name, got, want[name]);
      }
    }
  });
});
