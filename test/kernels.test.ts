import { describe, expect, it, vi } from "vitest";
import { BatchNorm, instantiateKernels, type LoadOptions, load, loadSync } from "../src/index.js";
import { base64 as plain } from "../src/module.js";
import { base64 as fused } from "../src/relaxed-module.js";
import { about, expectRefused, notNumbers, told } from "./refused.js";

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

  it("refuse another module", () => {
    const module = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    expect(() => loadSync({ module })).toThrow('"module" expected the binary of this package, got another module');
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

describe("instantiateKernels", () => {
  it("refuses a shared memory", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    expect(() => instantiateKernels(memory)).toThrow('"memory" expected a memory that is not shared, got a shared one');
  });

  it.each([undefined, null, {}, new ArrayBuffer(8)])("refuses memory %s", (memory) => {
    expectRefused(["", () => instantiateKernels(memory as WebAssembly.Memory), TypeError, about("memory")]);
  });

  it.each([null, {}, 1])("refuses module %s", (module) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    expectRefused(["", () => instantiateKernels(memory, module as WebAssembly.Module), TypeError, about("module")]);
  });
});
