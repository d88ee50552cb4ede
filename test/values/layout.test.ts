import { describe, it } from "vitest";
import type { Layout } from "../../src/index.js";
import { caseOf, shapeIn } from "../helpers/cases.js";
import { expectBits, expectClose, type Want } from "../helpers/compare.js";
import { type StepResult, step } from "../helpers/harness.js";
import { goal } from "../helpers/metric.js";
import { expectation, type Problem, problemOf } from "../helpers/problem.js";
import { axes } from "../helpers/reference.js";

/** The same values in another order of memory. */
function transpose<T extends Float32Array>(values: T, from: Where, to: Where): T {
  const [a, b] = [axes(from.shape, from.layout), axes(to.shape, to.layout)];
  const key = (one: typeof a, i: number) =>
    (one.sampleOf(i) * one.channels + one.channelOf(i)) * one.spatial + one.positionOf(i);
  const at = new Int32Array(a.size);
  for (let i = 0; i < a.size; i++) at[key(a, i)] = i;
  return values.map((_, i) => values[at[key(b, i)]]) as T;
}

interface Where {
  readonly shape: readonly number[];
  readonly layout: Layout;
}

const moved = (p: Problem, to: Where): Problem => ({
  ...p,
  ...to,
  line: `${p.line} as ${to.layout} ${to.shape.join("x")}`,
  x: transpose(p.x, p, to),
  dy: transpose(p.dy, p, to),
});

/** Both answers are within the goal of the reference, so they are within twice the goal of each other. */
function expectNear(p: Problem, got: StepResult, other: StepResult): void {
  const want = expectation(p);
  const within = (name: "y" | "dx" | "dgamma" | "dbeta") => {
    const [a, b] = [got[name], other[name]];
    if (a && b) expectClose(p.line, name, a, { ...want[name], ref: b } satisfies Want, 2 * goal);
  };
  for (const name of ["y", "dx", "dgamma", "dbeta"] as const) within(name);
}

function expectSame(p: Problem, got: StepResult, other: StepResult): void {
  for (const [name, values] of Object.entries(other)) {
    if (values) expectBits(p.line, name, got[name as keyof StepResult] as Float32Array, values);
  }
}

const ranks = [
  { first: "NCL", last: "NLC", shapes: ["3x5x7", "2x33x17", "7x3x64", "2x4x1009", "5x130x2"] },
  { first: "NCHW", last: "NHWC", shapes: ["3x7x5x17", "2x3x14x15", "1x31x4x3", "5x64x7x7"] },
  { first: "NCDHW", last: "NDHWC", shapes: ["2x3x1x4x5", "3x12x2x3x7", "1x5x7x9x11"] },
] as const;
const options = ["train gamma beta", "train relu gamma beta", "eval relu gamma beta", "eval-batch beta"] as const;

describe("channels first and channels last agree after transposition", () => {
  for (const { first, last, shapes } of ranks) {
    it.each(shapes)(`${first} %s as ${last}`, (text) => {
      for (const option of options) {
        const p = problemOf(caseOf(`${first} ${text} ${option}`));
        const mode = caseOf(p.line).mode;
        const q = moved(p, { layout: last, shape: shapeIn(last, p.shape) });
        const back = (values: Float32Array) => transpose(values, q, p);
        const other = step(q, mode);
        expectNear(p, step(p, mode), { ...other, y: back(other.y), dx: back(other.dx) });
      }
    });
  }
});

describe("the same memory under another name gives the same bits", () => {
  const names: [string, Layout, number[]][] = [
    ["NCHW 3x7x5x17", "NCL", [3, 7, 85]],
    ["NCDHW 2x3x4x5x7", "NCHW", [2, 3, 20, 7]],
    ["NCDHW 2x3x4x5x7", "NCL", [2, 3, 140]],
    ["NHWC 3x5x17x7", "NLC", [3, 85, 7]],
    ["NHWC 3x5x17x7", "NC", [255, 7]],
    ["NLC 9x13x33", "NC", [117, 33]],
    ["NDHWC 2x4x5x7x3", "NC", [280, 3]],
    ["NDHWC 2x4x5x7x130", "NHWC", [2, 4, 35, 130]],
    ["NC 65x6", "NLC", [1, 65, 6]],
    ["NC 65x6", "NHWC", [65, 1, 1, 6]],
  ];
  it.each(names)("%s as %s %j", (text, layout, shape) => {
    for (const option of options) {
      const p = problemOf(caseOf(`${text} ${option}`));
      const mode = caseOf(p.line).mode;
      expectSame(p, step({ ...p, layout, shape }, mode), step(p, mode));
    }
  });
});

describe("one value a plane: channels first equals NC", () => {
  it.each([
    ["NCHW", [17, 33, 1, 1]],
    ["NCL", [64, 5, 1]],
    ["NCDHW", [130, 3, 1, 1, 1]],
    ["NCHW", [2, 257, 1, 1]],
  ] as [Layout, number[]][])("%s %j", (layout, shape) => {
    for (const option of options) {
      const p = problemOf(caseOf(`${layout} ${shape.join("x")} ${option}`));
      const mode = caseOf(p.line).mode;
      expectNear(p, step({ ...p, layout: "NC", shape: shape.slice(0, 2) }, mode), step(p, mode));
    }
  });
});

describe("one channel: every layout is the same memory", () => {
  it.each(["NCL 3x1x65", "NCHW 2x1x7x9", "NCHW 1x1x31x33"])("%s", (text) => {
    for (const option of options) {
      const p = problemOf(caseOf(`${text} ${option}`));
      const mode = caseOf(p.line).mode;
      const [got, rows] = [step(p, mode), { ...p, layout: "NC" as const, shape: [p.x.length, 1] }];
      expectNear(p, step(rows, mode), got);
    }
  });
});
