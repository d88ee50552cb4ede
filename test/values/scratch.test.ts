import { describe, expect, it } from "vitest";
import { backend, kernelsIn, memoryOf } from "../helpers/backend.js";
import { arraysOf } from "../helpers/contract.js";
import { gradientSumsByParts, statisticsByParts, type Work } from "../helpers/phases.js";
import { type Call, type Extents, Placed } from "../helpers/placed.js";
import { fill, random } from "../helpers/random.js";

/**
 * What the kernels use of the scratch is within `scratchBytes`, and the sums of parts within `partialBytes`, whatever
 * the extents.
 */

const PAGE = 65536;
const MOST_CHANNELS = 3000;
/**
 * Of many channels some, of every remainder by 4. In JavaScript there are no more columns than channels from 256 on.
 */
const channelCounts = Array.from({ length: MOST_CHANNELS }, (_, i) => i + 1).filter(
  (channels) => channels <= (backend === "wasm" ? 300 : 70) || channels % (backend === "wasm" ? 13 : 101) === 0,
);
/** Kernels fold rows of fewer columns into wider ones. */
const FOLDED = 2048;
/** Bytes watched behind the scratch; what overruns it does so in one piece. */
const GUARD = 4096;
const SENTINEL = 0xa5;

/**
 * The width that a kernel takes grows with the batch up to four rows, or 64 columns, of which there are then eight at
 * least; from there on it is the same for any batch. Five rows more leave a part that fills no group of rows.
 */
function batchOf(columns: number): number {
  if (columns >= FOLDED) return 8 + 5;
  return 8 * Math.max(4, Math.ceil(64 / columns)) + 5;
}

/** Values per plane, with the most channels. */
const planes = [1, 2, 3, 4, 7, 13].map((spatial) => [spatial, spatial > 4 ? 300 : MOST_CHANNELS]);
const casesOf = (spatial: number, mostChannels: number): Extents[] =>
  channelCounts
    .filter((channels) => channels <= mostChannels)
    .map((channels) => [batchOf(channels * spatial), channels, spatial]);
const product = ([batch, channels, spatial]: Extents) => batch * channels * spatial;
const largest = Math.max(...planes.flatMap(([spatial, most]) => casesOf(spatial, most).map(product)));

/** Arrays that are long enough for every case; behind them room for the scratch and for the sums of parts. */
function prepared(cases: readonly Extents[]) {
  const { scratchBytes, partialBytes } = kernelsIn(memoryOf({ initial: 1 }));
  const room = (bytes: (...extents: Extents) => number) => Math.max(...cases.map((extents) => bytes(...extents)));
  const values = Math.ceil(largest / MOST_CHANNELS);
  const arrays = 4 * 4 * values * MOST_CHANNELS + 8 * 8 * MOST_CHANNELS + scratchBytes(1, MOST_CHANNELS, values);
  const memory = memoryOf({ initial: Math.ceil((arrays + room(scratchBytes) + room(partialBytes)) / PAGE) + 2 });
  const kernels = kernelsIn(memory);
  const absent = { residual: null, runningMean: null, runningVar: null, dgammaFloats: null, dbetaFloats: null };
  const placed = new Placed(
    kernels,
    memory,
    [1, MOST_CHANNELS, values],
    arraysOf("forwardTraining", "backward"),
    absent,
  );
  const noise = random(7).normal;
  const x = fill(values * MOST_CHANNELS, () => noise());
  x[0] = Number.NaN;
  placed.write("x", x);
  placed.write("dy", x.map((value) => 1000 + value) as Float32Array<ArrayBuffer>);
  // Some are beyond float32.
  placed.write(
    "gamma",
    fill(MOST_CHANNELS, (c) => (c % 5 === 3 ? 1e-31 : 1.5)),
  );
  placed.write("beta", new Float32Array(MOST_CHANNELS).fill(0.1));
  return { kernels, placed, bytes: new Uint8Array(memory.buffer) };
}

describe("scratch", () => {
  it.each(planes)("holds for planes of %s values, 1 to %s channels, any batch", (spatial, most) => {
    const cases = casesOf(spatial, most);
    const { kernels, placed, bytes } = prepared(cases);
    for (const extents of cases) {
      const [batch, channels] = extents;
      const scratch = placed.used;
      const behind = scratch + kernels.scratchBytes(...extents);
      const partials = behind + GUARD;
      const end = partials + kernels.partialBytes(...extents);
      const guards = [behind, end].map((from) => bytes.subarray(from, from + GUARD).fill(SENTINEL));
      // Far from 0 the statistics take another way.
      const x = placed.address(channels % 2 ? "x" : "dy");
      const count = batch * spatial;
      const numbers = { scratch, batch, channels, spatial, x, partials, count, eps: 1e-5, activation: 1 };
      const call: Call = (kernel, more) => placed.call(kernel, { ...numbers, ...more });
      const work: Work = (kernel, more) => {
        for (let i = 0; i < kernels.parts(...extents); i++) call(kernel, { ...more, begin: i, end: i + 1 });
      };
      call("forwardTraining", { momentum: 0.1, correction: 1 });
      call("backward");
      call("statistics");
      call("gradientSums");
      call("inputGradient");
      statisticsByParts(call, work);
      gradientSumsByParts(call, work);
      for (const [i, guard] of guards.entries()) {
        const overrun = guard.findIndex((byte) => byte !== SENTINEL);
        if (overrun < 0) continue;
        expect.fail(`${extents}: byte ${overrun} behind the ${i ? "sums of parts" : "scratch"} was overwritten`);
      }
    }
  });

  it("has a size that is a multiple of 4, at least 1 part, and room for its sums", () => {
    const kernels = kernelsIn(memoryOf({ initial: 1 }));
    for (const [spatial, most] of planes) {
      for (const extents of casesOf(spatial, most)) {
        const { scratchBytes, parts, partialBytes } = kernels;
        expect([scratchBytes(...extents) % 4, partialBytes(...extents) % 4]).toEqual([0, 0]);
        expect(parts(...extents)).toBeGreaterThanOrEqual(1);
        // Two sums per channel.
        expect(partialBytes(...extents)).toBeGreaterThanOrEqual(16 * extents[1]);
      }
    }
  });
});
