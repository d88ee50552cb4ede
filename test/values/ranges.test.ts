import { describe, expect, it } from "vitest";
import { kernelsIn, memoryOf } from "../helpers/backend.js";
import { batchOf, layerArrays, layerOf } from "../helpers/batch.js";
import { expectBits } from "../helpers/compare.js";
import type { KernelName, Name } from "../helpers/contract.js";
import { phases } from "../helpers/phases.js";
import { ALL, Placed } from "../helpers/placed.js";
import { batches, partsOf, shapes, WORKERS, ways, work } from "../helpers/workers.js";

/** What each range of parts writes: a piece of its own, nothing where it is empty, and all that is left where it has no end. */

describe.each(shapes)("%s x %s x %s", (...extents) => {
  const memory = memoryOf({ initial: 200 });
  const names: readonly Name[] = [...layerArrays, "partials", "dz"];
  const placed = new Placed(kernelsIn(memory), memory, extents, names, {}, { scratches: WORKERS });
  const numbers = { activation: 1, eps: 1e-5, count: extents[0] * extents[2] };
  const maps: readonly (readonly [KernelName, Name])[] = [
    ["normalize", "y"],
    ["inputGradient", "dx"],
    ["maskGradient", "dz"],
  ];

  it.each(maps)("%s: each part writes a piece of %s that is its own", (kernel, name) => {
    layerOf(placed, batchOf(extents, batches.degenerate), phases, { ...numbers, activation: 1 });
    placed.blank(name);
    placed.call(kernel, numbers);
    const whole = placed.read(name);
    const seen = new Uint8Array(whole.length);
    // The bits of NaN that are left where a part does not write.
    const blank = -1;
    for (let i = 0; i < partsOf(placed); i++) {
      placed.blank(name);
      placed.call(kernel, { ...numbers, begin: i, end: i + 1 });
      const words = new Int32Array(placed.read(name).buffer);
      words.forEach((word, at) => {
        if (word !== blank) seen[at]++;
      });
    }
    const wrong = seen.findIndex((times, i) => times !== 1 && !(times === 0 && Number.isNaN(whole[i])));
    expect(wrong < 0 ? "" : `value ${wrong} written by ${seen[wrong]} parts`).toBe("");
  });

  it.each(["dz", "dy", "y"] as const)("maskGradient into %s in parts", (target) => {
    layerOf(placed, batchOf(extents, batches.degenerate), phases, { ...numbers, activation: 1 });
    const [dy, y] = [placed.read("dy"), placed.read("y")];
    const want = dy.map((value, i) => (y[i] <= 0 ? 0 : value));
    for (const { workers, runs, seed } of ways) {
      placed.blank("dz");
      placed.write("dy", dy);
      placed.write("y", y);
      work(workers, runs, seed)(placed)("maskGradient", { ...numbers, dz: placed.address(target) });
      expectBits(`${workers} workers`, target, placed.read(target), want);
    }
  });

  const phasesWithRange: readonly (readonly [KernelName, Name])[] = [
    ...maps,
    ["statisticsPartials", "partials"],
    ["gradientPartials", "partials"],
  ];

  it.each(phasesWithRange)("%s: an empty range does nothing", (kernel, name) => {
    placed.blank(name);
    const words = () => new Int32Array(placed.read(name).buffer);
    const before = words();
    const parts = partsOf(placed);
    for (const [begin, end] of [
      [0, 0],
      [parts, parts],
      [parts, ALL],
      [parts + 1, parts + 2],
    ]) {
      placed.call(kernel, { ...numbers, round: 0, begin, end });
      expectBits(`${begin} to ${end}`, name, words(), before);
    }
  });

  it.each(phasesWithRange)("%s: an end beyond all parts means all that are left", (kernel, name) => {
    const batch = batchOf(extents, batches.degenerate);
    const parts = partsOf(placed);
    const run = (end: number) => {
      layerOf(placed, batch, phases, { ...numbers, activation: 1 });
      placed.blank(name);
      placed.call(kernel, { ...numbers, round: 0, begin: 0, end: Math.ceil(parts / 2) });
      placed.call(kernel, { ...numbers, round: 0, begin: Math.ceil(parts / 2), end });
      return placed.read(name);
    };
    const want = run(parts);
    for (const end of [parts + 1, ALL, 2 ** 32 - 1]) expectBits(`end ${end}`, name, run(end), want);
  });
});
