import { describe, it } from "vitest";
import { kernelsIn, memoryOf } from "../helpers/backend.js";
import { batchOf, type Choice, kinds, layerArrays, layerOf } from "../helpers/batch.js";
import { expectBits } from "../helpers/compare.js";
import { whole } from "../helpers/phases.js";
import { type Extents, type Floats, Placed } from "../helpers/placed.js";

/** A channel's results keep their bits whatever becomes of another channel: values, deviation, gamma, dy. */

/** The channel that changes comes in every lane of a vector, among channels that are a multiple of 4, and that are not. */
const shapes: readonly Extents[] = [
  [9, 5, 1],
  [67, 33, 1],
  [1030, 6, 1],
  [300, 8, 1],
  [33, 260, 1],
  [40, 7, 2],
  [33, 5, 3],
  [9, 6, 5],
  [6, 9, 13],
  [4, 5, 99],
  [2, 3, 1030],
];

const choices: Readonly<Record<string, Choice>> = {
  plain: { activation: 0, eps: 1e-5 },
  "relu, eps 0": { activation: 1, eps: 0, absent: ["residual"] },
  "in place": { activation: 0, eps: 0, inPlace: true, absent: ["residual", "beta"] },
  "relu, in place": { activation: 1, eps: 1e-5, inPlace: true },
};

/** The values of all channels but one. */
function others(values: Floats, [, channels, spatial]: Extents, channel: number): Floats {
  const perChannel = values.length === channels;
  return values.filter((_, i) => (perChannel ? i : Math.floor(i / spatial) % channels) !== channel) as Floats;
}

describe.each(shapes)("%s x %s x %s", (...extents) => {
  const memory = memoryOf({ initial: 16 });
  const placed = new Placed(kernelsIn(memory), memory, extents, layerArrays, {});
  const [, channels] = extents;
  const lanes = [0, 1, 2, 3, channels - 2, channels - 1].filter((c) => c < channels);

  it.each(Object.entries(choices))("%s", (name, choice) => {
    const ordinary = layerOf(
      placed,
      batchOf(extents, () => ({})),
      whole,
      choice,
    );
    Object.entries(kinds).forEach(([kind, values], i) => {
      // Each kind in two of the lanes, which differ from choice to choice.
      for (const turn of [i, i + 3]) {
        const channel = lanes[(turn + Object.keys(choices).indexOf(name)) % lanes.length];
        const got = layerOf(
          placed,
          batchOf(extents, (c) => (c === channel ? values : {})),
          whole,
          choice,
        );
        for (const result in ordinary) {
          const [a, b] = [got[result], ordinary[result]].map((all) => others(all, extents, channel));
          expectBits(`channel ${channel} ${kind}`, `${result} of the others`, a, b);
        }
      }
    });
  });
});
