import { describe, expect, it } from "vitest";
import type { Layout } from "../../src/index.js";
import { kernels, loadKernels } from "../helpers/backend.js";
import { about, expectRefused, type Refused, told } from "../helpers/refused.js";

describe("kernels", () => {
  it("of their own are independent", () => {
    const [first, second] = [loadKernels(), loadKernels()];
    first.tensor([64, 1], "NC");
    expect(first.bytesInUse).toBeGreaterThan(0);
    expect(second.bytesInUse).toBe(0);
    expect(first.memory).not.toBe(second.memory);
  });

  it("with initialBytes reserve memory, so that views stay attached", () => {
    const each = loadKernels({ initialBytes: 2 ** 22 });
    const { buffer } = each.memory;
    const first = each.tensor([2 ** 17, 1], "NC").data;
    each.tensor([2 ** 19, 1], "NC");
    expect(each.memory.buffer).toBe(buffer);
    expect(first.length).toBe(2 ** 17);
  });
});

describe("tensor", () => {
  it("is zero without values, even where memory was used before", () => {
    kernels.tensor([3, 5], "NC", new Float32Array(15).fill(7)).dispose();
    expect(Array.from(kernels.tensor([3, 5], "NC").data)).toEqual(new Array(15).fill(0));
  });

  it("copies values, of arrays, typed arrays and subarrays", () => {
    const values = new Float32Array([9, 1, 2, 9]);
    const tensor = kernels.tensor([1, 2], "NC", values.subarray(1, 3));
    values.fill(0);
    expect(Array.from(tensor.data)).toEqual([1, 2]);
    expect(Array.from(kernels.tensor([1, 2], "NC", [1, 2]).data)).toEqual([1, 2]);
    expect(Array.from(kernels.tensor([1, 2], "NC", { length: 2, 0: 1, 1: 2 }).data)).toEqual([1, 2]);
    expect(Array.from(kernels.tensor([1, 2], "NC", Float64Array.of(0.1, 1e40)).data)).toEqual([
      Math.fround(0.1),
      Number.POSITIVE_INFINITY,
    ]);
  });

  it("keeps its shape, whatever happens to the array that named it", () => {
    const shape = [2, 3];
    const tensor = kernels.tensor(shape, "NC");
    shape[0] = 9;
    expect(tensor.shape).toEqual([2, 3]);
    expect(tensor.layout).toBe("NC");
  });

  const make = (shape: unknown, layout: unknown, values?: unknown) => () =>
    kernels.tensor(shape as number[], layout as Layout, values as number[]);
  const refused: Refused[] = [
    [
      "a layout in another order",
      make([1, 2, 3, 4], "NWHC"),
      RangeError,
      '"layout" expected NC, NCL, NLC, NCHW, NHWC, NCDHW or NDHWC, got "NWHC"',
    ],
    [
      "too few values",
      make([2, 3, 4], "NCL", new Float32Array(23)),
      RangeError,
      '"values" expected 24 values (shape [2, 3, 4], NCL), got 23',
    ],
    [
      "too many values",
      make([2, 3, 4], "NCL", new Float32Array(25)),
      RangeError,
      '"values" expected 24 values (shape [2, 3, 4], NCL), got 25',
    ],
    ["too few axes", make([2, 3], "NCHW"), RangeError, about("shape")],
    ["too many axes", make([2, 3, 4], "NC"), RangeError, about("shape")],
    ["no axes", make([], "NC"), RangeError, about("shape")],
    ...[-1, 1.5, Number.NaN, 1 / 0].map(
      (v): Refused => [`an extent of ${v}`, make([2, v], "NC"), RangeError, about("shape")],
    ),
    ["more elements than addresses", make([2 ** 16, 2 ** 16, 4], "NCL"), RangeError, /./],
    ...[undefined, null, 6, "2,3", {}].map(
      (v): Refused => [`shape ${told(v)}`, make(v, "NC"), TypeError, about("shape")],
    ),
    ...["2", null, {}, 2n].map(
      (v): Refused => [`an extent of ${told(v)}`, make([2, v], "NC"), TypeError, about("shape")],
    ),
    ...[undefined, null, 2, {}, ["NC"]].map(
      (v): Refused => [`layout ${told(v)}`, make([2, 3], v), TypeError, about("layout")],
    ),
    ...[null, 6, true, {}, new ArrayBuffer(24), new BigInt64Array(6)].map(
      (v): Refused => [`values ${told(v)}`, make([2, 3], "NC", v), TypeError, about("values")],
    ),
  ];
  it.each(refused)("refuses %s", (...row) => expectRefused(row));

  it("allocates nothing when it refuses", () => {
    const before = kernels.bytesInUse;
    for (const [, call] of refused) expect(call).toThrow();
    expect(kernels.bytesInUse).toBe(before);
  });
});
