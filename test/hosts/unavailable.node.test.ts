import { afterEach, describe, expect, it, vi } from "vitest";
import { decode } from "../../src/decode.js";
import { implementFallback } from "../../src/fallback/fallback-kernels.js";
import { loadFallback } from "../../src/fallback/index.js";
import { BatchNorm, instantiateKernels, type Kernels, type LoadOptions, load, loadSync } from "../../src/index.js";
import { encoded } from "../../src/module.js";
import { about, expectRefused } from "../helpers/refused.js";

/** Engines and policies without WebAssembly: what load says, and when it takes the kernels in JavaScript. */

const memory = new WebAssembly.Memory({ initial: 1 });
const remedy = 'load({ fallback: "js" }) computes in JavaScript';
const noWebAssembly = `this engine has no WebAssembly: ${remedy}`;
const noSimd = `this engine has no WebAssembly SIMD: ${remedy}`;
const refused =
  "WebAssembly was refused by the page's content security policy or by the host: add 'wasm-unsafe-eval' to " +
  `script-src, pass "module" where the host compiles it (Workers), or ${remedy}`;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** WebAssembly, but for compiling, which throws. */
function refusing(error: Error): void {
  const fail = () => {
    throw error;
  };
  class Module {
    constructor() {
      fail();
    }
  }
  vi.stubGlobal(
    "WebAssembly",
    Object.create(WebAssembly, { Module: { value: Module }, compile: { value: async () => fail() } }),
  );
}

const compileError = new WebAssembly.CompileError("Wasm code generation disallowed by embedder");
const evalError = new EvalError("Refused to create a WebAssembly object");
const ways: [name: string, arrange: () => void, message: string, cause: unknown][] = [
  ["no WebAssembly", () => vi.stubGlobal("WebAssembly", undefined), noWebAssembly, undefined],
  ["no SIMD", () => vi.spyOn(WebAssembly, "validate").mockReturnValue(false), noSimd, undefined],
  ["a policy, as most engines say it", () => refusing(compileError), refused, compileError],
  ["a policy, as Safari says it", () => refusing(evalError), refused, evalError],
];

/** WebAssembly, but for a memory, which the host refuses as V8 does where the address space is limited. */
const refusedMemory = new RangeError("WebAssembly.Memory(): could not allocate memory");
function withoutMemory(): void {
  class Memory {
    constructor() {
      throw refusedMemory;
    }
  }
  vi.stubGlobal("WebAssembly", Object.create(WebAssembly, { Memory: { value: Memory } }));
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable(),
    (error: Error) => error,
  );
}

/** A step of a layer whose answer is known. */
function expectWorking(kernels: Kernels): void {
  const layer = new BatchNorm(kernels, 2, { eps: 0 });
  const y = layer.forward(kernels.tensor([2, 2], "NC", [1, 10, 3, 30]));
  expect([...y.data]).toEqual([-1, -1, 1, 1]);
  expect([...layer.backward(kernels.tensor([2, 2], "NC", [1, 2, 1, 4])).dx.data]).toEqual([0, 0, 0, 0]);
}

describe.each(ways)("with %s", (_, arrange, message, cause) => {
  it("load, loadSync and instantiateKernels name the cause and the remedy", async () => {
    arrange();
    const errors = [await rejection(load()), await rejection(load({ relaxed: true }))];
    for (const call of [() => loadSync(), () => instantiateKernels(memory)]) {
      try {
        call();
        expect.unreachable();
      } catch (error) {
        errors.push(error as Error);
      }
    }
    for (const error of errors) {
      expect(error).toBeInstanceOf(Error);
      expect(error.message).toBe(message);
      expect(error.cause).toBe(cause);
    }
  });

  it('load({ fallback: "js" }) computes in JavaScript', async () => {
    arrange();
    for (const options of [{}, { relaxed: true }, { initialBytes: 2 ** 20 }]) {
      const kernels = await load({ ...options, fallback: "js" });
      expect([kernels.backend, kernels.relaxed]).toEqual(["js", false]);
      expect(kernels.memory.buffer.byteLength).toBe("initialBytes" in options ? 2 ** 20 : 2 ** 16);
      expectWorking(kernels);
    }
  });

  it("loadFallback works", () => {
    arrange();
    expectWorking(loadFallback());
  });

  it("wrong options are wrong all the same", async () => {
    arrange();
    const wrong: unknown[] = [{ initialBytes: -1 }, { relaxed: 1 }, { initialBytes: 2 ** 33 }, 3];
    for (const options of wrong) {
      const error = await rejection(
        load(typeof options === "object" ? { ...options, fallback: "js" } : (options as never)),
      );
      expect(error.message).toMatch(/^"(initialBytes|relaxed|options)" expected /);
    }
  });
});

describe("where the host refuses the memory", () => {
  const message =
    "the host refused a WebAssembly memory of 1048576 bytes, for which engines reserve several GiB of addresses: " +
    `raise its limit of virtual memory, start Node.js with --disable-wasm-trap-handler, or ${remedy}`;
  const options = { initialBytes: 2 ** 20 };

  it("load and loadSync name the cause and the remedies", async () => {
    withoutMemory();
    expect(await rejection(load(options))).toMatchObject({ message, cause: refusedMemory });
    expect(() => loadSync(options)).toThrow(expect.objectContaining({ message, cause: refusedMemory }));
  });

  it('load({ fallback: "js" }) and loadFallback compute in JavaScript', async () => {
    withoutMemory();
    for (const kernels of [await load({ ...options, fallback: "js" }), loadFallback(options)]) {
      expect(kernels.backend).toBe("js");
      expect(kernels.memory.buffer.byteLength).toBe(2 ** 20);
      expectWorking(kernels);
    }
  });
});

describe("the fallback", () => {
  it("is not taken, nor imported, where WebAssembly is to be had", async () => {
    vi.resetModules();
    const imported = vi.fn();
    vi.doMock("../../src/fallback/fallback-kernels.js", () => {
      imported();
      return { implementFallback };
    });
    const fresh = await import("../../src/index.js");
    const options: LoadOptions[] = [{}, { fallback: "js" }, { fallback: "js", relaxed: true }, { fallback: undefined }];
    for (const each of options) expect((await fresh.load(each)).backend).toBe("wasm");
    expect(fresh.loadSync().backend).toBe("wasm");
    expect(imported).not.toHaveBeenCalled();
    vi.stubGlobal("WebAssembly", undefined);
    await rejection(fresh.load());
    expect(imported).not.toHaveBeenCalled();
    await fresh.load({ fallback: "js" });
    expect(imported).toHaveBeenCalledOnce();
    vi.doUnmock("../../src/fallback/fallback-kernels.js");
    vi.resetModules();
  });

  it("is not taken for want of memory to compile in, nor for another module", async () => {
    const module = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    const message = '"module" expected the kernels of this version of batchnorm-wasm';
    expect((await rejection(load({ module, fallback: "js" }))).message).toContain(message);
    const error = new RangeError("out of memory");
    refusing(error);
    expect(await rejection(load({ fallback: "js" }))).toBe(error);
    expect(() => loadSync()).toThrow(error);
  });

  it.each([
    ["wasm", RangeError],
    [null, TypeError],
    [true, TypeError],
  ])("refuses to be %s", async (fallback, type) => {
    const error = await rejection(load({ fallback } as never));
    expect(error).toBeInstanceOf(type);
    expect(error.message).toMatch(/^"fallback" expected "js", got /);
  });

  it("is nothing that loadSync imports", () => {
    expectRefused(["", () => loadSync({ fallback: "js" } as never), RangeError, about("fallback")]);
  });

  it("has its own module refuse what load refuses", () => {
    for (const initialBytes of [-1, 0.5, 2 ** 33]) {
      expectRefused(["", () => loadFallback({ initialBytes }), RangeError, about("initialBytes")]);
    }
    expectRefused(["", () => loadFallback(1 as never), TypeError, about("options")]);
  });

  it("does without a module that only WebAssembly can use", async () => {
    const module = new WebAssembly.Module(decode(encoded));
    vi.stubGlobal("WebAssembly", undefined);
    expect((await load({ module, fallback: "js" })).backend).toBe("js");
    expect((await rejection(load({ module }))).message).toBe(noWebAssembly);
  });
});
