import { describe, expect, it } from "vitest";
import { caseOf } from "../helpers/cases.js";
import { expectBits, expectClose, expectEqual } from "../helpers/compare.js";
import { type StepResult, scope, step } from "../helpers/harness.js";
import { expectation, type Problem, problemOf } from "../helpers/problem.js";
import { random, seedOf } from "../helpers/random.js";
import { activations, axes } from "../helpers/reference.js";

/** NaN and Infinity in one channel stay there: the others' results are the same bit for bit. */

const shapes = [
  "NCL 3x5x1",
  "NCL 3x5x7",
  "NCHW 2x7x7x7",
  "NCL 4x3x65",
  "NCL 2x2x1009",
  "NC 17x5",
  "NC 65x4",
  "NC 33x33",
  "NHWC 3x5x7x2",
  "NHWC 2x9x11x3",
  "NHWC 5x4x3x6",
  "NLC 2x33x12",
  "NLC 3x7x130",
];
const values = [Number.NaN, Infinity, -Infinity];

/** The same problem with one value of one tensor, in the middle of a channel, replaced. */
function poisoned(p: Problem, tensor: "x" | "dy", channel: number, value: number): Problem {
  const { size, channelOf } = axes(p.shape, p.layout);
  const own = Array.from({ length: size }, (_, i) => i).filter((i) => channelOf(i) === channel);
  const changed = p[tensor].slice();
  changed[own[Math.floor(own.length / 2)]] = value;
  return { ...p, [tensor]: changed };
}

function expectOthersUnchanged(p: Problem, channel: number, got: StepResult, clean: StepResult): void {
  const { channelOf } = axes(p.shape, p.layout);
  for (const key of Object.keys(clean) as (keyof StepResult)[]) {
    const channelAt = key === "y" || key === "dx" ? channelOf : (i: number) => i;
    const of = (values: Float32Array | Float64Array) => values.filter((_, i) => channelAt(i) !== channel);
    const [a, b] = [got[key], clean[key]];
    if (a && b) expectBits(`${p.line} channel ${channel}`, `${key} of the others`, of(a), of(b));
  }
}

function ofChannel(p: Problem, channel: number, values: Float32Array): Float32Array {
  const { channelOf } = axes(p.shape, p.layout);
  return values.filter((_, i) => channelOf(i) === channel);
}

describe.each(shapes)("%s", (shape) => {
  for (const mode of ["train", "eval", "eval-batch"] as const) {
    it.each(values)(`${mode} x %s`, (value) => {
      for (const relu of ["", "relu "]) {
        const p = problemOf(caseOf(`${shape} ${mode} ${relu}gamma beta`));
        const clean = step(p, mode);
        const { channels } = axes(p.shape, p.layout);
        for (const channel of new Set([0, Math.floor(channels / 2), channels - 1])) {
          const bad = poisoned(p, "x", channel, value);
          const got = step(bad, mode);
          expectOthersUnchanged(p, channel, got, clean);
          // Whether relu passes the gradient of a NaN is open.
          if (!relu || (mode === "eval" && value)) expectClasses(bad, got, p);
          if (mode !== "eval") expect(ofChannel(p, channel, got.y).every(Number.isNaN), "y of the channel").toBe(true);
        }
      }
    });

    it.each(values)(`${mode} dy %s`, (value) => {
      const p = problemOf(caseOf(`${shape} ${mode} gamma beta`));
      const clean = step(p, mode);
      const { channels } = axes(p.shape, p.layout);
      const bad = poisoned(p, "dy", channels - 1, value);
      const got = step(bad, mode);
      expectOthersUnchanged(p, channels - 1, got, clean);
      expectBits(p.line, "y", got.y, clean.y);
      expectClasses(bad, got, p);
    });
  }
});

/** Within the goal of the reference, in which NaN and Infinity are classes of their own. */
function expectClasses(p: Problem, got: StepResult, clean: Problem): void {
  const want = expectation(p);
  // The finite values of a channel with an infinite one are judged by the scale that the channel has without it.
  const { y, dx, dgamma, dbeta, mean } = expectation(clean);
  expectClose(p.line, "y", got.y, { ...y, ref: want.y.ref });
  if (got.dgamma) expectClose(p.line, "dgamma", got.dgamma, { ...dgamma, ref: want.dgamma.ref });
  if (got.dbeta) expectClose(p.line, "dbeta", got.dbeta, { ...dbeta, ref: want.dbeta.ref });
  expectClose(p.line, "dx", got.dx, { ...dx, ref: want.dx.ref });
  if (got.runningMean && !p.frozen) {
    const running = Float64Array.from(want.mean.ref, (m) => 0.1 * m);
    expectClose(p.line, "runningMean", got.runningMean, { ...mean, ref: running });
  }
}

describe("beside a channel of 1e30", () => {
  it.each(["NCL 3x5x17", "NHWC 3x5x7x3", "NC 33x9"])("%s", (shape) => {
    for (const mode of ["train", "eval-batch"] as const) {
      const line = `${shape} ${mode} relu gamma beta`;
      const noise = random(seedOf(line));
      const p = problemOf(caseOf(line), { x: (c) => (c === 1 ? 1e30 : 1) * noise.normal() });
      const clean = step(p, mode);
      for (const value of values) expectOthersUnchanged(p, 2, step(poisoned(p, "x", 2, value), mode), clean);
    }
  });
});

describe("inference", () => {
  it.each(["NCL 2x3x17 eval", "NLC 2x17x3 eval", "NC 17x5 eval relu", "NCHW 2x3x5x7 eval relu"])(
    "%s: only the value itself",
    (line) => {
      const p = problemOf(caseOf(line));
      const clean = step(p, "eval").y;
      for (const value of values) {
        const at = Math.floor(p.x.length / 2);
        const x = p.x.slice();
        x[at] = value;
        const want = clean.slice();
        want[at] = activations[p.activation].of(value);
        expectEqual(line, "y", step({ ...p, x }, "eval").y, want);
      }
    },
  );
});

describe("gamma 0", () => {
  it.each(["NCL 3x5x17", "NLC 3x17x5", "NC 33x5", "NCL 2x5x4"])("%s: y is beta, dx 0, dgamma what it is", (shape) => {
    for (const mode of ["train", "eval"] as const) {
      const line = `${shape} ${mode} gamma beta`;
      const p = { ...problemOf(caseOf(line)), gamma: new Float32Array(5) };
      const got = step(p, mode);
      const { channelOf } = axes(p.shape, p.layout);
      expectEqual(
        line,
        "y",
        got.y,
        p.x.map((_, i) => p.beta?.[channelOf(i)] ?? Number.NaN),
      );
      expectEqual(line, "dx", got.dx, new Float32Array(p.x.length));
      expectClose(line, "dgamma", got.dgamma as Float32Array, expectation(p).dgamma);
      expect(got.dgamma?.every((value) => value !== 0)).toBe(true);
    }
  });
});

describe("a channel of one infinity only", () => {
  it.each(["NCL 2x3x17", "NLC 2x17x3", "NC 33x3", "NCL 9x3x2"])("%s: variance NaN, as Infinity - Infinity", (shape) => {
    const p = problemOf(caseOf(`${shape} train`));
    const { channelOf } = axes(p.shape, p.layout);
    for (const value of [Infinity, -Infinity]) {
      const x = p.x.map((each, i) => (channelOf(i) === 1 ? value : each));
      scope((s) => {
        const { mean, variance } = s.statistics(s.tensor(p, x));
        expect([mean[1], variance[1]]).toEqual([value, Number.NaN]);
        expect(variance[0]).toBeGreaterThan(0);
      });
    }
  });
});
