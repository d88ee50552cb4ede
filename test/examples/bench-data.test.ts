import { describe, expect, it } from "vitest";
import { naivePlanes, naiveRows, type Problem } from "../../bench/baseline/index.js";
import type { Contender } from "../../bench/contender.js";
import { agreeByChannel } from "../../bench/data/agreement.js";
import { affected, KINDS, SHARES, withKind } from "../../bench/data/kinds.js";
import { dataSection } from "../../bench/data/markdown.js";
import type { DataResults } from "../../bench/data/results.js";
import { type Extents, problem } from "../../bench/inputs.js";
import { javascript } from "../../bench/javascript.js";

describe("the benchmark of slow data", () => {
  const loops: readonly Extents[] = [
    { loop: "planes", batch: 4, channels: 7, spatial: 33 },
    { loop: "rows", batch: 11, channels: 7, spatial: 12 },
  ];

  /** The textbook's loops in JavaScript, with an activation behind them. */
  function naive(loop: Extents["loop"], p: Problem, relu: boolean): Contender {
    const plain = javascript("naive JS", p, (loop === "planes" ? naivePlanes : naiveRows)(p));
    const { trainingForward, inference, backward } = plain.verbs;
    const passed = (y: number) => (relu ? Math.max(y, 0) : y);
    const activate = () => p.y.set(p.y.map(passed));
    const mask = () => relu && p.dy.set(p.dy.map((dy, i) => (p.y[i] <= 0 ? 0 : dy)));
    const then =
      (...steps: (() => unknown)[]) =>
      () => {
        for (const step of steps) step();
      };
    const verbs = {
      trainingForward: then(trainingForward, activate),
      inference: then(inference, activate),
      backward: then(mask, backward),
    };
    return { ...plain, verbs };
  }

  it.each(KINDS.map((kind) => [kind.name, kind] as const))(
    "%s: plain JavaScript agrees with the reference",
    (_, kind) => {
      for (const extents of loops) {
        for (const share of SHARES) {
          const marked = affected(share, extents.channels);
          for (const relu of [false, true]) {
            const p = withKind(extents, problem(extents, 3), kind, marked);
            agreeByChannel(share, extents, naive(extents.loop, p, relu), p, relu);
          }
        }
      }
    },
  );

  it("marks one channel, half of them or all", () => {
    const counts = SHARES.map((share) => affected(share, 256).filter((is) => is).length);
    expect(counts.slice(0, 2)).toEqual([1, 128]);
    // 4 deviations of 256 coins, 8 each
    expect(Math.abs(counts[2] - 128)).toBeLessThan(32);
    expect(counts[3]).toBe(256);
  });

  it.each(["y", "dx", "dgamma", "dbeta", "runningMean", "runningVar"] as const)(
    "refuses a channel whose %s is off",
    (result) => {
      const [extents] = loops;
      const kind = KINDS.find(({ name }) => name === "deviation 1e-10, eps 0");
      const p = withKind(extents, problem(extents, 3), kind ?? KINDS[0], affected("one", extents.channels));
      const right = naive(extents.loop, p, false);
      const wrong: Contender = {
        ...right,
        results: () => {
          const values = Float64Array.from(right.results()[result]);
          // channel 2 is the one of the kind
          values[values.length === extents.channels ? 2 : 2 * extents.spatial] *= 1.001;
          return { ...right.results(), [result]: values };
        },
      };
      expect(() => agreeByChannel("x", extents, wrong, p, false)).toThrow(/channel 2: expected/);
    },
  );

  it("names what exceeds its limit", () => {
    const timing = (median: number) => ({
      median,
      p25: median,
      p75: median,
      min: median,
      samples: 1,
      callsPerSample: 1,
    });
    const shares = (all: number) => ({
      one: timing(1.4),
      half: timing(2.6),
      "random half": timing(2.4),
      all: timing(all),
    });
    const header = { date: "", commit: "", machine: "", system: "", engine: "", quick: false, seconds: 1 };
    const times = { trainingForward: timing(1), inference: timing(1), backward: timing(1) };
    const point = (at: number, more: Partial<typeof times>) => {
      return {
        at,
        loop: "planes" as const,
        batch: 1,
        channels: 1,
        spatial: at,
        values: at,
        timings: { ...times, ...more },
      };
    };
    const results: DataResults = {
      header,
      kinds: [
        { case: "NC 4x8", kind: "dead", relu: false, timings: { backward: { ordinary: timing(1), ...shares(4.5) } } },
        { case: "NC 4x8", kind: "far", relu: true, timings: { backward: { ordinary: timing(2), ...shares(8) } } },
      ],
      scans: [{ name: "planes", symbol: "S", points: [point(8, { backward: timing(1.1) }), point(16, {})] }],
    };
    const summary = dataSection.summary(results);
    expect(summary).toContain("- NC 4x8, dead, above the limits: backward (half 2.60, all 4.50).");
    expect(summary).toContain("- NC 4x8, fused ReLU: nothing above the limits.");
    expect(summary).toContain("- Planes, above 2 times the time of 16 values: S = 8 backward (2.20).");
  });
});
