import { afterEach, describe, expect, it, vi } from "vitest";
import { BatchNorm, instantiateKernels, type Layout, type LoadOptions, load, loadSync } from "../src/index.js";
import { base64 as plain } from "../src/module.js";
import { base64 as fused } from "../src/relaxed-module.js";
import { about, expectRefused, notNumbers, type Refused, told } from "./refused.js";

const kernels = loadSync();

/** Bytes from base64, where there is no Buffer. */
const bytes = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

describe("load and loadSync", () => {
  it("give kernels that work", async () => {
    for (const each of [await load(), loadSync()]) {
      expect(each.memory).toBeInstanceOf(WebAssembly.Memory);
      expect(each.bytesInUse).toBe(0);
      expect(Array.from(each.tensor([2, 1], "NC", [1, 2]).data)).toEqual([1, 2]);
    }
  });

  it("give independent kernels", () => {
    const [first, second] = [loadSync(), loadSync()];
    first.tensor([64, 1], "NC");
    expect(first.bytesInUse).toBeGreaterThan(0);
    expect(second.bytesInUse).toBe(0);
    expect(first.memory).not.toBe(second.memory);
  });

  it("initialBytes reserves memory, so that views stay attached", async () => {
    for (const each of [await load({ initialBytes: 2 ** 22 }), loadSync({ initialBytes: 2 ** 22 })]) {
      const { buffer } = each.memory;
      const first = each.tensor([2 ** 17, 1], "NC").data;
      each.tensor([2 ** 19, 1], "NC");
      expect(each.memory.buffer).toBe(buffer);
      expect(first.length).toBe(2 ** 17);
    }
  });

  it("take relaxed instructions where the engine has them", async () => {
    const kernels = await load({ relaxed: true });
    expect(kernels.relaxed).toBe(WebAssembly.validate(bytes(fused)));
    expect((await load({ relaxed: false })).relaxed).toBe(false);
    expect(loadSync().relaxed).toBe(false);
  });

  it("do without them where the engine lacks them", async () => {
    const binaries: number[] = [];
    const validate = WebAssembly.validate;
    vi.spyOn(WebAssembly, "validate").mockImplementation((binary) => {
      binaries.push(binary.byteLength);
      return binaries.length > 1 && validate(binary);
    });
    const kernels = await load({ relaxed: true });
    vi.restoreAllMocks();
    expect(binaries).toEqual([fused, plain].map((base64) => bytes(base64).length));
    expect(kernels.relaxed).toBe(false);
    expect(new BatchNorm(kernels, 1).forward(kernels.tensor([2, 1], "NC", [1, 3])).data[1]).toBeCloseTo(1, 4);
  });

  it("import relaxed instructions in load only, and not beside a module", async () => {
    const options = { relaxed: true } as LoadOptions;
    expectRefused(["", () => loadSync(options), RangeError, about("relaxed")]);
    const module = new WebAssembly.Module(bytes(plain));
    await expect(load({ ...options, module })).rejects.toThrow(RangeError);
  });

  const wrong: [name: string, options: unknown, type: typeof RangeError, argument: string][] = [
    ...[null, 1, "module"].map((v): [string, unknown, typeof RangeError, string] => [told(v), v, TypeError, "options"]),
    ...notNumbers.map((v): [string, unknown, typeof RangeError, string] => [
      `initialBytes ${told(v)}`,
      { initialBytes: v },
      TypeError,
      "initialBytes",
    ]),
    ...[-1, Number.NaN, 1 / 0, 1.5].map((v): [string, unknown, typeof RangeError, string] => [
      `initialBytes ${v}`,
      { initialBytes: v },
      RangeError,
      "initialBytes",
    ]),
    ...[null, 1, "true"].map((v): [string, unknown, typeof RangeError, string] => [
      `relaxed ${told(v)}`,
      { relaxed: v },
      TypeError,
      "relaxed",
    ]),
    ...[null, {}, new Uint8Array(8), "batchnorm.wasm"].map((v): [string, unknown, typeof RangeError, string] => [
      `module ${told(v)}`,
      { module: v },
      TypeError,
      "module",
    ]),
  ];

  it.each(wrong)("refuse %s", async (_, options, type, argument) => {
    expectRefused(["", () => loadSync(options as LoadOptions), type, about(argument)]);
    const error = await load(options as LoadOptions).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toMatch(about(argument));
  });
});

describe("an engine without SIMD", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.resetModules();
  });

  it("is told so", async () => {
    vi.resetModules();
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    const fresh = await import("../src/index.js");
    expect(() => fresh.loadSync()).toThrow(new Error("this engine has no WebAssembly SIMD"));
    await expect(fresh.load()).rejects.toThrow(new Error("this engine has no WebAssembly SIMD"));
  });
});

describe("instantiateKernels", () => {
  it.each([undefined, null, {}, new ArrayBuffer(8)])("refuses memory %s", (memory) => {
    expectRefused(["", () => instantiateKernels(memory as WebAssembly.Memory), TypeError, about("memory")]);
  });

  it.each([null, {}, 1])("refuses module %s", (module) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    expectRefused(["", () => instantiateKernels(memory, module as WebAssembly.Module), TypeError, about("module")]);
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
