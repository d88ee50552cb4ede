import { describe, it } from "vitest";
import { caseOf } from "../helpers/cases.js";
import { expectStep, expectTraining } from "../helpers/harness.js";
import { problemOf, type Values } from "../helpers/problem.js";
import { random } from "../helpers/random.js";
import { axes } from "../helpers/reference.js";

/** Values that a careless formula loses: everything within the goal all the same. */

const noise = random(1);
const normal =
  (mean: number, std: number): Values =>
  () =>
    mean + std * noise.normal();

interface Hard {
  readonly name: string;
  readonly x: Values;
  readonly eps?: number;
  readonly dy?: Values;
}

const hard: readonly Hard[] = [
  { name: "mean 1e3, std 1", x: normal(1e3, 1) },
  { name: "mean 1e4, std 1", x: normal(1e4, 1) },
  { name: "mean 1e6, std 1", x: normal(1e6, 1) },
  { name: "mean -1e6, std 1", x: normal(-1e6, 1) },
  { name: "mean 1e4, std 0.01", x: normal(1e4, 0.01) },
  { name: "mean 100, std 1e-4, eps 0", x: normal(100, 1e-4), eps: 0 },
  { name: "mean 1, std 1e-6", x: normal(1, 1e-6) },
  { name: "mean 1, std 1e-6, eps 1e-12", x: normal(1, 1e-6), eps: 1e-12 },
  { name: "std 1e-4", x: normal(0, 1e-4) },
  { name: "std 1e-20", x: normal(0, 1e-20) },
  { name: "std 1e-20, eps 0", x: normal(0, 1e-20), eps: 0 },
  { name: "std 1e-30, eps 0", x: normal(0, 1e-30), eps: 0 },
  { name: "mean 1e-30, std 1e-33, eps 0", x: normal(1e-30, 1e-33), eps: 0 },
  { name: "std 1e18", x: normal(0, 1e18) },
  { name: "std 1e30", x: normal(0, 1e30) },
  { name: "mean 1e30, std 1e27", x: normal(1e30, 1e27) },
  { name: "+-3e38", x: () => (noise.uniform() < 0.5 ? 3e38 : -3e38), dy: normal(0, 1e10) },
  { name: "+-3e38, dx below 2^-126", x: () => (noise.uniform() < 0.5 ? 3e38 : -3e38) },
  { name: "3e38, a quarter -3e38", x: () => (noise.uniform() < 0.75 ? 3e38 : -3e38), dy: normal(0, 1e10) },
  { name: "-3e38, one in ten +3e38", x: () => (noise.uniform() < 0.9 ? -3e38 : 3e38), dy: normal(0, 1e10) },
  { name: "anything up to 3.4e38", x: () => 6.8e38 * (noise.uniform() - 0.5), dy: normal(0, 1e10) },
  { name: "mean 3e38, std 1e34", x: normal(3e38, 1e34) },
  { name: "channels of 1e-15 to 1e30", x: (c) => 10 ** ((5 * c) % 46) * 1e-15 * noise.normal() },
  { name: "channels of 1e-6 to 1e6", x: (c) => 10 ** ((5 * c) % 13) * 1e-6 * (1 + noise.normal()), eps: 1e-12 },
  { name: "dy of 1e20", x: normal(0, 1), dy: normal(0, 1e20) },
  { name: "dy of 1e20 and mean 1e20", x: normal(0, 1), dy: normal(1e20, 1e20) },
  { name: "dy of 1e-20", x: normal(0, 1), dy: normal(0, 1e-20) },
  { name: "dy of large mean", x: normal(0, 1), dy: normal(1e4, 1) },
  { name: "two clusters", x: () => (noise.uniform() < 0.5 ? 1e4 : -1e4) + noise.normal() },
  { name: "a ramp", x: (_, i) => i },
  { name: "a ramp far from 0", x: (_, i) => 1e6 + i / 8 },
];

/** Both memory orders, many and few values per plane and per row, more rows than a block. */
const shapes = [
  "NCHW 4x3x7x9",
  "NCL 2x5x1009",
  "NCL 65x2x5",
  "NCL 17x33x1",
  "NHWC 4x7x9x3",
  "NHWC 2x17x15x4",
  "NC 257x33",
  "NC 300x1",
  "NLC 3x7x130",
];

describe.each(hard)("$name", ({ x, dy, eps }) => {
  it.each(shapes)("%s", (shape) => {
    for (const options of ["gamma beta", "relu gamma beta"]) {
      const p = problemOf(caseOf(`${shape} train ${options}`), { x, dy, eps });
      expectTraining(p);
    }
  });
});

/** The value at one place of every channel is far from the others. */
const outliers = [
  { name: "first value 1e6", where: (i: number) => i === 0, far: 1e6 },
  { name: "first value 1e4, others of mean 1", where: (i: number) => i === 0, far: 1e4 },
  { name: "first value 3e38", where: (i: number) => i === 0, far: 3e38 },
  { name: "first four values -1e6", where: (i: number) => i < 4, far: -1e6 },
  { name: "a value in the middle 1e6", where: (i: number) => i === 101, far: 1e6 },
  { name: "last value -1e6", where: (i: number, count: number) => i === count - 1, far: -1e6 },
  { name: "second half 1e4", where: (i: number, count: number) => i > count / 2, far: 1e4 },
];

describe.each(outliers)("$name", ({ where, far }) => {
  it.each(shapes)("%s", (shape) => {
    const c = caseOf(`${shape} train gamma beta`);
    const { count, spatial, sampleOf, positionOf } = axes(c.shape, c.layout);
    const at = (i: number) => sampleOf(i) * spatial + positionOf(i);
    const p = problemOf(c, { x: (_, i) => (where(at(i), count) ? far : 1) + noise.normal() });
    expectTraining(p, true);
  });
});

describe.each([1, 2, 4, 8, 16])("%s equal values, then others, all equal", (first) => {
  // The roundings of equal terms do not cancel, and the first values are a poor guess of the mean.
  it.each(["NCL 1x257x32", "NCL 1x257x24", "NC 32x257", "NC 36x130", "NC 17x65", "NCL 8x130x4", "NLC 1x33x65"])(
    "%s",
    (shape) => {
      const c = caseOf(`${shape} train gamma beta`);
      const { channels, spatial, sampleOf, positionOf } = axes(c.shape, c.layout);
      const levels = Array.from({ length: channels }, () => [noise.uniform(), 1 + noise.uniform()]);
      const at = (i: number) => sampleOf(i) * spatial + positionOf(i);
      expectTraining(problemOf(c, { x: (channel, i) => levels[channel][at(i) < first ? 0 : 1] }), true);
    },
  );
});

describe("long sums", () => {
  const lines = ["NCHW 3x1x607x601", "NHWC 1x1009x1013x2"];
  it.each(lines)("%s train gamma beta", (line) => {
    const p = problemOf(caseOf(`${line} train gamma beta`), {
      x: (c) => 10 + c + noise.uniform(),
      dy: () => noise.uniform() - 0.25,
    });
    expectTraining(p);
  });

  // Roundings of equal terms all go one way, and the first value is a thousand deviations from the mean.
  it.each(["NC 1000003x1", "NCL 1x1x1000003"])("one value, then others, all equal, %s train", (line) => {
    expectTraining(problemOf(caseOf(`${line} train`), { x: (_, i) => (i === 0 ? 1 : 0.1) }), true);
  });

  it.each(["NC 1000003x1", "NCL 1x1x1000003"])("first value far, %s train", (line) => {
    const p = problemOf(caseOf(`${line} train`), { x: (_, i) => (i === 0 ? 1e6 : 1 + 1e-3 * noise.uniform()) });
    expectTraining(p, true);
  });
});

describe("inference", () => {
  const given = [
    { name: "mean 1e6, variance 1", mean: 1e6, variance: 1, eps: 1e-5 },
    { name: "mean 1e4, variance 1e-4", mean: 1e4, variance: 1e-4, eps: 1e-5 },
    { name: "mean 0.1, variance 1e-40, eps 1e-12", mean: 0.1, variance: 1e-40, eps: 1e-12 },
    { name: "mean 1e30, variance 1e54", mean: 1e30, variance: 1e54, eps: 1e-5 },
    { name: "mean 1e-30, variance 1e-60, eps 0", mean: 1e-30, variance: 1e-60, eps: 0 },
    { name: "mean 1.5e38, variance 3e76", mean: 1.5e38, variance: 3e76, eps: 1e-5 },
  ];
  it.each(given)("$name", ({ mean, variance, eps }) => {
    for (const shape of shapes) {
      const c = caseOf(`${shape} eval relu gamma beta`);
      const { channels } = axes(c.shape, c.layout);
      const frozen = {
        count: 1,
        mean: Float64Array.from({ length: channels }, (_, i) => mean * (1 + i / 7e7)),
        variance: new Float64Array(channels).fill(variance),
      };
      const std = Math.sqrt(variance + eps);
      const x: Values = (channel) => frozen.mean[channel] + std * Math.max(-2, Math.min(1, noise.normal()));
      expectStep(
        { ...problemOf({ ...c, activation: "none" }, { x, eps, dy: normal(0, 1) }), line: c.line, frozen },
        "eval",
      );
    }
  });
});
