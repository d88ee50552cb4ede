import fc from "fast-check";
import { describe, it } from "vitest";
import { mergeStatistics } from "../../src/index.js";
import { run } from "../helpers/arbitrary.js";
import { expectWithin } from "../helpers/compare.js";
import { scope } from "../helpers/harness.js";
import { u64 } from "../helpers/metric.js";
import { random } from "../helpers/random.js";

describe("mergeStatistics", () => {
  const perChannel = (range: fc.DoubleConstraints) => fc.array(fc.double(range), { minLength: 3, maxLength: 3 });
  const part = fc.record({
    count: fc.integer({ min: 0, max: 1000 }),
    mean: perChannel({ min: -1e3, max: 1e3, noNaN: true }),
    variance: perChannel({ min: 0, max: 10, noNaN: true }),
  });
  const parts = fc.array(part, { minLength: 1, maxLength: 8 }).filter((all) => all.some(({ count }) => count > 0));

  /** m = Σ count·mean / Σ count and Σ count·(variance + (mean - m)²) / Σ count, directly. */
  function merged(all: readonly { count: number; mean: number[]; variance: number[] }[]) {
    const count = all.reduce((sum, one) => sum + one.count, 0);
    const weighted = (term: (one: (typeof all)[number]) => number) =>
      all.reduce((sum, one) => sum + one.count * term(one), 0) / count;
    const mean = [0, 1, 2].map((c) => weighted((one) => one.mean[c]));
    const variance = mean.map((m, c) => weighted((one) => one.variance[c] + (one.mean[c] - m) ** 2));
    return { count, mean, variance };
  }

  it("is the statistics of the whole, whatever the order", () => {
    run(
      fc.property(parts, fc.integer(), (all, seed) => {
        const want = merged(all);
        // k merges of a handful of float64 roundings each, the direct sums as many. The mean is a weighted average of
        // means up to M. The variance is one of variances up to V and of squared distances up to D², where a distance
        // errs by the means' errors; on the way it may be as large as these although the result is small.
        const slack = 16 * all.length * u64;
        const bounds = [0, 1, 2].map((c) => {
          const means = all.map(({ mean }) => mean[c]);
          const largest = Math.max(...means.map(Math.abs));
          const distance = Math.max(...means) - Math.min(...means);
          const square = distance ** 2 + 2 * distance * largest + slack * largest ** 2;
          return { mean: slack * largest, variance: slack * (Math.max(...all.map((one) => one.variance[c])) + square) };
        });
        for (const order of [all, [...all].reverse(), random(seed).shuffle([...all])]) {
          scope((s) => {
            const got = s.own(mergeStatistics(order));
            if (got.count !== want.count) throw new Error(`count ${got.count}, expected ${want.count}`);
            const line = JSON.stringify(order);
            expectWithin(line, "mean", got.mean, want.mean, (c) => bounds[c].mean);
            expectWithin(line, "variance", got.variance, want.variance, (c) => bounds[c].variance);
          });
        }
      }),
      100,
    );
  });
});
