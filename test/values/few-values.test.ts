import { describe, expect, it } from "vitest";
import { memoryOf } from "../helpers/backend.js";
import { instanceOf } from "../helpers/instances.js";
import { goal } from "../helpers/metric.js";
import type { Extents, Floats } from "../helpers/placed.js";
import { fill, random } from "../helpers/random.js";
import { RawMemory } from "../helpers/raw.js";
import * as reference from "../helpers/reference.js";
import { hasPivot, meanError, varianceError } from "../helpers/worst-case.js";

/**
 * Statistics of few-valued data (masks, quantised values), whose rounding errors do not average out. Half of them are
 * of equal values one after the other.
 */

const distances = [
  ...[0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 1, 1.1, 1.2, 1.3, 1.35, 1.38, 1.4, 1.41, 1.415, 1.419, 1.422, 1.43, 1.45, 1.5],
  ...[1.6, 1.7, 1.8, 1.9, 1.95, 1.99, 1.999, 2.001, 2.01, 2.05, 2.1, 2.5, 3, 5, 8, 10, 15, 16, 17, 30, 100, 300, 1000],
];

const shapes: readonly Extents[] = [
  [1000, 1, 1],
  [24, 1, 1],
  [70, 1, 1],
  [255, 1, 1],
  [256, 1, 1],
  [20, 1, 50],
  [8, 1, 196],
  [3, 1, 21],
  [130, 1, 3],
  [1, 1, 2049],
];

/** Numbers of steps above the lowest level, one for each value. */
type Pattern = (k: number, count: number, noise: ReturnType<typeof random>) => number;

const shares = [0.03, 0.2, 0.37, 0.5, 0.75, 0.9];
const patterns: Readonly<Record<string, readonly Pattern[]>> = {
  "two values, scattered": shares.map((share) => (_k, _count, noise) => Number(noise.uniform() < share)),
  "two values, one after the other": shares.map((share) => (k, count) => Number(k < share * count)),
  "two values in turn": [2, 3, 4, 5, 7, 16].map((period) => (k) => Number(k % period === 0)),
  "three values": shares.map((share) => (_k, _count, noise) => (noise.uniform() < share ? 1 : 2 * noise.integer(2))),
  "three values in turn": [3, 4, 5, 6, 8, 9].map((period) => (k) => Math.min(k % period, 2)),
  "16 values": shares.map((share) => (_k, _count, noise) => (noise.uniform() < share ? 0 : noise.integer(16))),
  "8 values in turn": [8, 9, 12, 15, 31, 64].map((period) => (k) => Math.min(k % period, 7)),
};

/** Channels of one pattern at every distance, of steps whose digits are any. */
function channelsOf(pattern: Pattern, count: number, noise: ReturnType<typeof random>): number[][] {
  return distances.flatMap((distance) =>
    Array.from({ length: count < 300 ? 3 : 1 }, () => {
      const levels = Array.from({ length: count }, (_, k) => pattern(k, count, noise));
      const { mean, variance } = reference.statistics(levels, [count, 1], "NC");
      const step = 2 ** (6 * noise.uniform() - 3);
      const first = (noise.uniform() < 0.5 ? 1 : -1) * distance * Math.sqrt(variance[0]) - mean[0];
      return levels.map((level) => Math.fround(step * (first + level)));
    }),
  );
}

interface Errors {
  readonly distance: number;
  /** Of the mean in deviations, and of the variance relative to itself. */
  readonly mean: number;
  readonly variance: number;
}

describe.each(shapes)("planes of %s x %s x %s", (batch, _, spatial) => {
  const raw = new RawMemory(memoryOf({ initial: 160 }));
  const count = batch * spatial;

  function errorsOf(channels: readonly number[][]): Errors[] {
    const extents: Extents = [batch, channels.length, spatial];
    const x = fill(count * channels.length, (i) => {
      const n = Math.floor(i / (channels.length * spatial));
      return channels[Math.floor(i / spatial) % channels.length][n * spatial + (i % spatial)];
    });
    const got = raw.run({ instance: instanceOf("statistics"), extents, values: { x }, numbers: {} });
    const { mean, variance } = got as Record<string, Floats>;
    return channels.map((values, c) => {
      const want = reference.statistics(values, [count, 1], "NC");
      const deviation = Math.sqrt(want.variance[0]);
      return {
        distance: Math.abs(want.mean[0]) / deviation,
        mean: Math.abs(mean[c] - want.mean[0]) / deviation,
        variance: Math.abs(variance[c] / want.variance[0] - 1),
      };
    });
  }

  function expectWithin(
    errors: readonly Errors[],
    variance: (distance: number) => number,
    mean: (distance: number) => number,
  ): void {
    for (const each of errors) {
      const { distance } = each;
      const limits = { mean: mean(distance), variance: variance(distance) };
      if (each.variance <= limits.variance && each.mean <= limits.mean) continue;
      expect.fail(`expected at most ${JSON.stringify(limits)}, got ${JSON.stringify(each)}`);
    }
  }

  const noise = random(count);

  it.each(Object.entries(patterns))("%s", (_name, kinds) => {
    for (const pattern of kinds) {
      const several = channelsOf(pattern, count, noise).filter((values) => new Set(values).size > 1);
      // Whole vectors of channels, so that rows have pivots.
      const channels = several.slice(0, several.length & ~3);
      const pivot = spatial === 1 && hasPivot(count, channels.length);
      expectWithin(
        errorsOf(channels),
        (distance) => varianceError(distance, pivot),
        (distance) => meanError(distance, pivot),
      );
    }
  });

  it("noise", () => {
    const channels = distances.flatMap((distance) =>
      [1, -1].map((sign) =>
        Array.from({ length: count }, () => Math.fround(0.37 * (sign * distance + noise.normal()))),
      ),
    );
    // A float64 mean errs by about 1e-16 of itself, whatever the deviation.
    expectWithin(
      errorsOf(channels),
      () => goal,
      (distance) => goal + 1e-9 * distance,
    );
  });
});
