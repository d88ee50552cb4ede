import { describe, expect, it } from "vitest";
import { errorOf, expectBits, expectClose, expectEqual, expectWithin } from "../helpers/compare.js";
import { goal } from "../helpers/metric.js";

const want = (ref: number[], scale: number[]) => ({ ref, scale, channelOf: (i: number) => i % scale.length });

describe("comparison", () => {
  it("measures an error against the value or its channel's scale, whichever is larger", () => {
    expect(errorOf(new Float64Array([3]), want([2], [1]), 0)).toBe(0.5);
    expect(errorOf(new Float64Array([3]), want([2], [4]), 0)).toBe(0.25);
    expect(errorOf(new Float64Array([2 ** -127]), want([0], [0]), 0)).toBe(0.5);
  });

  it("holds NaN, Infinity, -Infinity and finite apart, after rounding to the result's format", () => {
    const values = [Number.NaN, Infinity, -Infinity, 1];
    for (const [i, a] of values.entries()) {
      for (const [j, b] of values.entries()) {
        expect(errorOf(new Float32Array([a]), want([b], [1]), 0)).toBe(i === j ? 0 : Infinity);
      }
    }
    expect(errorOf(new Float32Array([Infinity]), want([1e39], [1]), 0)).toBe(0);
    expect(errorOf(new Float64Array([Infinity]), want([1e39], [1]), 0)).toBe(Infinity);
  });

  it("names case, tensor, index, expected and got", () => {
    const got = new Float32Array([1, 2, 3.5]);
    const message = "NC 3x1 train: y[2] expected 3, got 3.5";
    const ref = want([1, 2, 3], [1]);
    expect(() => expectClose("NC 3x1 train", "y", got, ref)).toThrow(message);
    expect(() => expectWithin("NC 3x1 train", "y", got, ref.ref, () => 0.4)).toThrow(message);
    expect(() => expectEqual("NC 3x1 train", "y", got, ref.ref)).toThrow(message);
    expect(() => expectBits("NC 3x1 train", "y", got, ref.ref)).toThrow(message);
  });

  it("passes at its limit and fails above it", () => {
    const got = new Float64Array([1 + 2 ** -20, 1]);
    expectClose("case", "y", got, want([1, 1], [1]), 2 ** -20);
    expect(() => expectClose("case", "y", got, want([1, 1], [1]), 2 ** -21)).toThrow("y[0]");
    expect(() => expectClose("case", "y", new Float64Array([1 + 1.01 * goal]), want([1], [1]))).toThrow();
    expect(() => expectWithin("case", "y", [Number.NaN], [0], () => 1)).toThrow();
  });

  it("takes no short result", () => {
    expect(() => expectClose("case", "y", new Float32Array(2), want([0, 0, 0], [1]))).toThrow("expected 3 values");
    expect(() => expectBits("case", "y", [], [0])).toThrow("expected 1 values");
  });

  it("tells 0 from -0 only bit for bit", () => {
    expectEqual("case", "y", [0, Number.NaN], [-0, Number.NaN]);
    expectBits("case", "y", [Number.NaN], [Number.NaN]);
    expect(() => expectBits("case", "y", [0], [-0])).toThrow("y[0]");
  });
});
