import { describe, expect, it } from "vitest";
import { backend, kernelsIn, memoryOf } from "../helpers/backend.js";
import { batchOf, type Choice, kinds, layerArrays, layerOf } from "../helpers/batch.js";
import { expectBits } from "../helpers/compare.js";
import { gradientSumsByParts, inParts, phases, statisticsByParts } from "../helpers/phases.js";
import { type Extents, type Floats, Placed } from "../helpers/placed.js";
import { RawMemory } from "../helpers/raw.js";
import { batches, partsOf, shapes, WORKERS, ways, work } from "../helpers/workers.js";

/** A phase in parts gives the bits of one call, for any number of workers, in any order of the parts. */

const small: readonly Extents[] = [
  [2, 1, 1],
  [5, 4, 1],
  [33, 9, 1],
  [2, 3, 5],
  [3, 7, 2],
  [4, 8, 16],
];

const choices: Readonly<Record<string, Choice>> = {
  "with a residual": { activation: 0, eps: 1e-5 },
  "relu, in place": { activation: 1, eps: 0, inPlace: true, absent: ["residual"] },
};

describe.each(shapes)("%s x %s x %s", (...extents) => {
  const raw = new RawMemory(memoryOf({ initial: 200 }));
  const names = [...layerArrays, "partials" as const];
  const place = () => new Placed(raw.kernels, raw.memory, extents, names, {}, { scratches: WORKERS });
  const placed = place();
  const numbers = { activation: 1, eps: 1e-5, count: extents[0] * extents[2] };

  it("has several parts", () => expect(partsOf(placed) > 1).toBe(backend === "wasm"));

  describe.each(Object.entries(batches))("%s channels", (_, kind) => {
    const batch = batchOf(extents, kind);

    it.each(Object.entries(choices))("%s: the bits of one call", (_, choice) => {
      const want = layerOf(placed, batch, phases, choice);
      for (const { workers, runs, seed } of ways) {
        const got = layerOf(placed, batch, inParts(work(workers, runs, seed)), choice);
        for (const name in want) expectBits(`${workers} workers, order ${seed}`, name, got[name], want[name]);
      }
    });

    it("touches no byte but the outputs, the sums of parts and the worker's scratch", () => {
      const watched = place();
      watched.call = raw.watched(watched);
      layerOf(watched, batch, inParts(work(3, false, 3)), { activation: 1, eps: 1e-5 });
    });
  });

  it("takes further rounds where it has to", () => {
    const rounds = backend === "wasm" ? 2 : 1;
    const byTwo = work(2, false, 4)(placed);
    layerOf(placed, batchOf(extents, batches.degenerate), phases, { activation: 0, eps: 1e-5 });
    placed.write("dy", batchOf(extents, () => kinds["with dy 3e38"]).dy as Floats);
    expect(gradientSumsByParts(placed.call, byTwo, { activation: 0 }), "gradients").toBe(rounds);
    placed.write("x", batchOf(extents, () => kinds["100,000 deviations from 0"]).x as Floats);
    // Fewer values are summed in float64 at once.
    if (numbers.count >= 256) expect(statisticsByParts(placed.call, byTwo), "statistics").toBe(rounds);
  });
});

it("parts are a function of the extents, and 1 for small ones", () => {
  const [a, b] = [1, 2].map((initial) => kernelsIn(memoryOf({ initial })));
  for (const extents of shapes) expect(a.parts(...extents)).toBe(b.parts(...extents));
  for (const extents of small) expect(a.parts(...extents)).toBe(1);
});
