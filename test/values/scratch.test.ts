import { describe, expect, it } from "vitest";
import type { KernelExports } from "../../src/index.js";
import { backend, kernelsIn, memoryOf } from "../helpers/backend.js";
import { random } from "../helpers/random.js";

/** What the kernels use of the scratch is within `scratchBytes`, for all channels, narrow planes and rows. */

const PAGE = 65536;
const MOST_CHANNELS = 3000;
/** Those in JavaScript take twenty times as long, and no more columns than channels from 256 channels on. */
const channelCounts = Array.from({ length: MOST_CHANNELS }, (_, i) => i + 1).filter(
  (channels) => backend === "wasm" || channels <= 300 || channels % 100 === 0,
);
/** Kernels fold rows of fewer columns into wider ones. */
const FOLDED = 2048;
/** Bytes watched behind the scratch; what overruns it does so in one piece. */
const GUARD = 4096;
const SENTINEL = 0xa5;

/**
 * The width that a kernel takes grows with the batch up to four rows, or 64 columns, of which there are then eight at least;
 * from there on it is the same for any batch. Five rows more leave a part that fills no group of rows.
 */
function batchOf(columns: number): number {
  if (columns >= FOLDED) return 8 + 5;
  return 8 * Math.max(4, Math.ceil(64 / columns)) + 5;
}

/** Values of the largest tensor. */
const most = Math.max(...[1, 2, 3, 4].flatMap((s) => channelCounts.map((c) => batchOf(c * s) * c * s)));

describe("scratch", () => {
  const next = random(7).normal;
  const noise = Float32Array.from({ length: most }, () => next());
  let end = 64;
  const reserve = (bytes: number) => {
    const address = end;
    end = Math.ceil((end + bytes) / 16) * 16;
    return address;
  };
  const x = reserve(4 * most);
  const dy = reserve(4 * most);
  const dx = reserve(4 * most);
  const [gamma, beta] = [0, 1].map(() => reserve(4 * MOST_CHANNELS));
  const [mean, variance, invstd, dgamma, dbeta] = [0, 1, 2, 3, 4].map(() => reserve(8 * MOST_CHANNELS));
  const scratch = end;

  /** Kernels in a memory with the largest scratch and its guard at the end. */
  function prepared(): { kernels: KernelExports; bytes: Uint8Array } {
    const { scratchBytes } = kernelsIn(memoryOf({ initial: 1 }));
    const pages = Math.ceil((scratch + scratchBytes(MOST_CHANNELS) + GUARD) / PAGE);
    const memory = memoryOf({ initial: pages });
    const kernels = kernelsIn(memory);
    const floats = (address: number, length: number) => new Float32Array(memory.buffer, address, length);
    floats(x, most).set(noise);
    floats(dy, most).set(noise);
    floats(gamma, MOST_CHANNELS).fill(1.5);
    floats(beta, MOST_CHANNELS).fill(0.1);
    return { kernels, bytes: new Uint8Array(memory.buffer) };
  }

  it.each([1, 2, 3, 4])("holds for planes of %s values, 1 to 3,000 channels, any batch", (spatial) => {
    const { kernels, bytes } = prepared();
    for (const channels of channelCounts) {
      const batch = batchOf(channels * spatial);
      const from = scratch + kernels.scratchBytes(channels);
      const guard = bytes.subarray(from, from + GUARD).fill(SENTINEL);
      const at = [scratch, batch, channels, spatial] as const;
      kernels.statisticsPlanes(mean, variance, x, ...at);
      kernels.invstd(invstd, variance, channels, 1e-5);
      kernels.gradientSumsPlanesRelu(dgamma, dbeta, dy, x, mean, invstd, gamma, beta, ...at);
      const count = batch * spatial;
      kernels.inputGradientPlanesRelu(dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, ...at, count);
      const overrun = guard.findIndex((byte) => byte !== SENTINEL);
      if (overrun >= 0)
        expect.fail(`${batch}x${channels}x${spatial}: byte ${overrun} behind the scratch was overwritten`);
    }
  });

  it("is no smaller for more channels", () => {
    const { scratchBytes } = kernelsIn(memoryOf({ initial: 1 }));
    let before = 0;
    for (let channels = 1; channels <= MOST_CHANNELS; channels++) {
      const bytes = scratchBytes(channels);
      expect(bytes).toBeGreaterThanOrEqual(before);
      before = bytes;
    }
  });
});
