import { describe, expect, it } from "vitest";
import { caseOf, shapeIn } from "../helpers/cases.js";
import { expectEqual } from "../helpers/compare.js";
import { scope, step } from "../helpers/harness.js";
import { expectation, type Problem, problemOf } from "../helpers/problem.js";
import { fill, type Random, random, seedOf } from "../helpers/random.js";
import * as reference from "../helpers/reference.js";

/**
 * Inputs for which every quantity is a float32 number with few bits, whatever the order of summation: equality, no
 * tolerance.
 *
 * A channel is m + d·unit with m and unit powers of two (or 0), Σd = 0 and Σd² = 4n, so that mean = m,
 * variance = (2·unit)² and, with eps 0, xhat = d/2. |d| <= 4, so that x² has at most 6 bits where m <= 4·unit, and so
 * many equal signs: 2^18 squares sum exactly in float32. In channels of larger m the squares themselves need more than
 * 24 bits: there the values are exact only relative to one of them, as a sum that holds the accuracy must take them.
 */
const channelKinds = [
  { m: 4, unit: 1 },
  { m: 0, unit: 2 },
  { m: 1, unit: 0.25 },
  { m: -2, unit: 0.5 },
  { m: 1024, unit: 1 },
  { m: 2 ** -20, unit: 2 ** -22 },
  { m: -(2 ** 20), unit: 1 },
  { m: 4, unit: 2 ** -6 },
];
/** Beyond what float32 arithmetic on x - mean and invstd holds: kernels may compute all channels in another way. */
const wideKinds = [...channelKinds, { m: 2 ** 40, unit: 2 ** 38 }, { m: -(2 ** -62), unit: 2 ** -64 }];

/** n integers of sum 0 and sum of squares 4n; there are none for n = 1 and 3. */
function deviations(n: number, noise: Random): number[] {
  const groups = [
    [2, -2],
    [3, -3, 1, -1, 0],
    [4, -4, 0, 0, 0, 0, 0, 0],
  ];
  const out: number[] = [];
  while (out.length < n) {
    const left = n - out.length;
    const fits = groups.filter(({ length }) => length === left || left - length === 2 || left - length > 3);
    out.push(...fits[noise.integer(fits.length)]);
  }
  return noise.shuffle(out);
}

interface Exact extends Problem {
  readonly mean: number[];
  readonly variance: number[];
}

const sumsOf = (channel: number) => ({ a: (channel % 5) - 2, b: ((channel % 3) - 1) / 2 });

/**
 * dy = a + b·xhat + r, where r is +t and -t at two positions of equal x and 0 elsewhere: so dbeta = n·a, dgamma = n·b
 * and dx = gamma·invstd·r.
 */
function exactProblem(line: string): Exact {
  const c = caseOf(line.replace(" wide", ""));
  const noise = random(seedOf(line));
  const { size, channels, count, channelOf } = reference.axes(c.shape, c.layout);
  const of = line.endsWith(" wide") ? wideKinds : channelKinds;
  const kinds = Array.from({ length: channels }, (_, i) => of[i % of.length]);
  const d = kinds.map(() => deviations(count, noise));
  const seen = new Array<number>(channels).fill(0);
  const place = Array.from({ length: size }, (_, i) => seen[channelOf(i)]++);
  const pick = (channel: number, i: number) => d[channel][place[i]];
  const r = d.map((values) => {
    const first = values.findIndex((value, i) => values.indexOf(value, i + 1) > 0);
    const second = values.indexOf(values[first], first + 1);
    return (i: number) => (first < 0 ? 0 : place[i] === first ? 2 : place[i] === second ? -2 : 0);
  });
  const x = fill(size, (i) => kinds[channelOf(i)].m + kinds[channelOf(i)].unit * pick(channelOf(i), i));
  const dy = fill(size, (i) => {
    const { a, b } = sumsOf(channelOf(i));
    return a + (b * pick(channelOf(i), i)) / 2 + r[channelOf(i)](i);
  });
  return {
    ...problemOf(c, { x: (_, i) => x[i], dy: (_, i) => dy[i], eps: 0 }),
    dy,
    gamma: c.gamma ? fill(channels, (i) => [1, -0.5, 2, 3][i % 4]) : null,
    beta: c.beta ? fill(channels, (i) => [0, 1, -0.75, 2][i % 4]) : null,
    mean: kinds.map(({ m }) => m),
    variance: kinds.map(({ unit }) => (2 * unit) ** 2),
  };
}

const shapes = [
  "2x3x7",
  "4x9x16",
  "8x12x8",
  "2x31x49",
  "16x5x1",
  "5x9x1",
  "64x33x1",
  "3x10x65",
  "1x9x4096",
  "1000x9x1",
  "37x2x1",
];

const lines = shapes.flatMap((text, i) =>
  ["NCL", "NLC"].map((layout) => {
    const options = ["", "gamma beta", "beta", "gamma"][i % 4];
    return `${layout} ${shapeIn(layout, text.split("x").map(Number)).join("x")} train ${options}`.trim();
  }),
);

const ranks = ["NC 64x33 train gamma beta", "NCHW 2x9x4x8 train gamma", "NHWC 2x4x8x9 train beta"];
const wide = ["NCL 2x31x49 train gamma beta", "NLC 3x65x10 train gamma", "NC 64x33 train beta"].map(
  (line) => `${line} wide`,
);

describe.each([...lines, ...ranks, ...wide])("exact %s", (line) => {
  const p = exactProblem(line);
  const want = expectation(p);

  it("is what it says", () => {
    expectEqual(line, "mean", want.mean.ref, p.mean);
    expectEqual(line, "variance", want.variance.ref, p.variance);
    const { count } = reference.axes(p.shape, p.layout);
    expectEqual(
      line,
      "dbeta",
      want.dbeta.ref,
      p.mean.map((_, c) => count * sumsOf(c).a),
    );
    expectEqual(
      line,
      "dgamma",
      want.dgamma.ref,
      p.mean.map((_, c) => count * sumsOf(c).b),
    );
    expectEqual(line, "y", Float32Array.from(want.y.ref), want.y.ref);
    expectEqual(line, "dx", Float32Array.from(want.dx.ref), want.dx.ref);
  });

  it("statistics and sums", () => {
    scope((s) => {
      const x = s.tensor(p, p.x);
      const own = s.statistics(x);
      expectEqual(line, "mean", own.mean, p.mean);
      expectEqual(line, "variance", own.variance, p.variance);
    });
  });

  it("layer", () => {
    const got = step(p, "train");
    expectEqual(line, "y", got.y, want.y.ref);
    expectEqual(line, "dx", got.dx, want.dx.ref);
    if (got.dgamma) expectEqual(line, "dgamma", got.dgamma, want.dgamma.ref);
    if (got.dbeta) expectEqual(line, "dbeta", got.dbeta, want.dbeta.ref);
  });
});

// With a power of two of values per channel the masked sums divide exactly as well. Where y before relu is exactly 0,
// and it often is, nothing passes.
const masked = ["NCL 4x12x16 train relu", "NHWC 4x4x4x33 train relu gamma beta", "NC 64x13 train relu gamma"];

describe.each([...masked, ...masked.map((line) => `${line} wide`)])("exact %s", (line) => {
  it("layer", () => {
    const p = exactProblem(line);
    const want = expectation(p);
    const used = reference.statistics(p.x, p.shape, p.layout);
    expect(reference.preactivation(p.x, p.shape, p.layout, used, p).includes(0)).toBe(true);
    const got = step(p, "train");
    expectEqual(line, "y", got.y, want.y.ref);
    expectEqual(line, "dx", got.dx, want.dx.ref);
    if (got.dgamma) expectEqual(line, "dgamma", got.dgamma, want.dgamma.ref);
    if (got.dbeta) expectEqual(line, "dbeta", got.dbeta, want.dbeta.ref);
  });
});
