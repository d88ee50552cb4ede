import { describe, expect, it, vi } from "vitest";
import { decode } from "../../src/decode.js";
import {
  BatchNorm,
  instantiateKernels,
  instantiateKernelsAsync,
  type LoadOptions,
  load,
  loadSync,
} from "../../src/index.js";
import { encoded as plain } from "../../src/module.js";
import { encoded as fused } from "../../src/relaxed-module.js";
import { sharedBinary } from "../../src/shared-memory.js";
import { caseOf } from "../helpers/cases.js";
import { expectBits } from "../helpers/compare.js";
import type { Name } from "../helpers/contract.js";
import { instances } from "../helpers/instances.js";
import type { Floats } from "../helpers/placed.js";
import { problemOf } from "../helpers/problem.js";
import { RawMemory, rawCall } from "../helpers/raw.js";
import { about, expectRefused, notNumbers, told } from "../helpers/refused.js";

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
    expect(kernels.relaxed).toBe(WebAssembly.validate(decode(fused)));
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
    expect(binaries).toEqual([fused, plain].map((encoded) => decode(encoded).length));
    expect(kernels.relaxed).toBe(false);
    expect(new BatchNorm(kernels, 1).forward(kernels.tensor([2, 1], "NC", [1, 3])).data[1]).toBeCloseTo(1, 4);
  });

  it("import relaxed instructions in load only, and not beside a module", async () => {
    const options = { relaxed: true } as LoadOptions;
    expectRefused(["", () => loadSync(options), RangeError, about("relaxed")]);
    const module = new WebAssembly.Module(decode(plain));
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

describe("instantiateKernels", () => {
  it("gives in a shared memory, of any maximum, the bits of an unshared one", () => {
    const unshared = new RawMemory();
    for (const maximum of [8, 16384, 65536]) {
      const shared = new RawMemory(new WebAssembly.Memory({ initial: 8, maximum, shared: true }));
      for (const line of ["NCHW 3x5x7x9 train relu gamma beta", "NC 37x12 train relu gamma beta"]) {
        for (const instance of instances) {
          const call = rawCall(problemOf(caseOf(line)), instance);
          const want = unshared.run(call);
          for (const [name, got] of Object.entries(shared.run(call))) {
            expectBits(line, `${name} of ${instance.name}`, got, want[name as Name] as Floats);
          }
        }
      }
    }
  });

  it("takes a shared memory that has grown", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 3, shared: true });
    const kernels = instantiateKernels(memory);
    memory.grow(2);
    const doubles = new Float64Array(memory.buffer, 2 * 65536, 2).fill(0.25);
    kernels.invstd(doubles.byteOffset + 8, doubles.byteOffset, 1, 0);
    expect([...doubles]).toEqual([0.25, 2]);
  });

  it("takes the module of the memory's kind, and says so of the other's", async () => {
    const [own, other] = [decode(plain), sharedBinary(decode(plain))].map((binary) => new WebAssembly.Module(binary));
    const unshared = new WebAssembly.Memory({ initial: 1 });
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const message =
      '"module" expected that of batchnorm-shared.wasm for a shared memory, of batchnorm.wasm for any other, ' +
      "got one that does not fit the memory";
    expect(instantiateKernels(unshared, own).scratchBytes(2, 1, 1)).toBe(
      instantiateKernels(shared, other).scratchBytes(2, 1, 1),
    );
    expectRefused(["", () => instantiateKernels(unshared, other), RangeError, message]);
    expectRefused(["", () => instantiateKernels(shared, own), RangeError, message]);
    expectRefused(["", () => loadSync({ module: other }), RangeError, message]);
    await expect(load({ module: other })).rejects.toThrow(message);
    await expect(instantiateKernelsAsync(shared, own)).rejects.toThrow(message);
  });

  it.each([undefined, null, {}, new ArrayBuffer(8)])("refuses memory %s", async (memory) => {
    await expect(instantiateKernelsAsync(memory as WebAssembly.Memory)).rejects.toThrow(about("memory"));
    expectRefused(["", () => instantiateKernels(memory as WebAssembly.Memory), TypeError, about("memory")]);
  });

  it("has a twin that never compiles at once", async () => {
    const Module = vi.spyOn(WebAssembly, "Module");
    const memories = [
      new WebAssembly.Memory({ initial: 1 }),
      new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
    ];
    const twins = await Promise.all(memories.map((memory) => instantiateKernelsAsync(memory)));
    await load();
    expect(Module).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    for (const twin of twins) expect(Object.keys(twin)).toEqual(Object.keys(instantiateKernels(memories[0])));
  });

  it.each([null, {}, 1])("refuses module %s", async (module) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    await expect(instantiateKernelsAsync(memory, module as WebAssembly.Module)).rejects.toThrow(about("module"));
    expectRefused(["", () => instantiateKernels(memory, module as WebAssembly.Module), TypeError, about("module")]);
  });
});
