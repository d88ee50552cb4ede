import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { decode } from "../../src/decode.js";
import {
  BatchNorm,
  batchStatistics,
  instantiateKernels,
  load,
  loadSync,
  mergeStatistics,
  normalize,
} from "../../src/index.js";
import { encoded } from "../../src/module.js";
import { load as loadByUrl } from "../../src/url.js";

/** Objects of another realm (a frame, a vm context, a test runner) and of another copy of the package. */

const source = fileURLToPath(new URL("../../src/", import.meta.url));
const realm = vm.createContext({ bytes: decode(encoded) });
/** A value that another realm makes. */
const foreign = <T>(expression: string): T => vm.runInContext(`(${expression})`, realm);

const kernels = loadSync();

describe("the sources", () => {
  const uses = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) =>
      [...readFileSync(source + name, "utf8").matchAll(/\binstanceof\s+([\w.]+)/g)].map(([, right]) => ({
        name,
        right,
      })),
    );

  it("ask by instanceof for classes of their own only, never for a global's", () => {
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter(({ right }) => right.split(".")[0] in globalThis)).toEqual([]);
  });
});

describe("another realm's", () => {
  it("objects are not instances of this one's classes", () => {
    const memory = foreign<WebAssembly.Memory>("new WebAssembly.Memory({ initial: 4 })");
    expect(memory).not.toBeInstanceOf(WebAssembly.Memory);
    expect(memory.buffer).not.toBeInstanceOf(ArrayBuffer);
  });

  it.each(["initial: 4", "initial: 4, maximum: 4, shared: true"])(
    "memory of %s is taken by instantiateKernels",
    (kind) => {
      const memory = foreign<WebAssembly.Memory>(`new WebAssembly.Memory({ ${kind} })`);
      const exports = instantiateKernels(memory);
      new Float64Array(memory.buffer, 64, 1)[0] = 4;
      exports.invstd(128, 64, 1, 0);
      expect(new Float64Array(memory.buffer, 128, 1)[0]).toBe(0.5);
    },
  );

  it("module is taken by load, loadSync and instantiateKernels", async () => {
    const module = foreign<WebAssembly.Module>("new WebAssembly.Module(bytes)");
    expect(module).not.toBeInstanceOf(WebAssembly.Module);
    for (const each of [await load({ module }), loadSync({ module })]) {
      const y = new BatchNorm(each, 1, { eps: 0 }).forward(each.tensor([2, 1], "NC", [1, 3]));
      expect([...y.data]).toEqual([-1, 1]);
    }
    expect(instantiateKernels(new WebAssembly.Memory({ initial: 4 }), module).scratchBytes(2, 1, 1)).toBeGreaterThan(0);
    const other = foreign<WebAssembly.Module>("new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))");
    await expect(load({ module: other })).rejects.toThrow('"module" expected the kernels of this version');
  });

  it("arrays, options, states and statistics are taken", () => {
    const x = kernels.tensor(foreign("[2, 1]"), "NC", foreign("Float32Array.of(1, 3)"));
    const layer = new BatchNorm(kernels, 1, foreign("{ eps: 0, momentum: 1 }"));
    layer.loadStateDict(
      foreign(`{ weight: [2], bias: Float32Array.of(1), running_mean: [0], running_var: Float64Array.of(1),
        num_batches_tracked: BigInt64Array.of(7n) }`),
    );
    expect([...layer.forward(x).data]).toEqual([-1, 3]);
    expect(layer.numBatchesTracked).toBe(8);
    const statistics = mergeStatistics(foreign("[{ count: 2, mean: [2], variance: [1] }]"));
    expect([...normalize(x, statistics, foreign("{ eps: 0 }")).data]).toEqual([-1, 1]);
  });

  it("big integers and bits of float16 are refused as numbers", () => {
    for (const name of ["BigInt64Array", "BigUint64Array"]) {
      const message = `"values" expected an array of numbers, got ${name}`;
      expect(() => kernels.tensor([1, 1], "NC", foreign(`${name}.of(1n)`))).toThrow(message);
    }
    const statistics = { count: 2, mean: [0], variance: foreign<Uint16Array>("Uint16Array.of(0x3c00)") };
    expect(() => mergeStatistics([statistics])).toThrow('"variance" expected an array of numbers, got Uint16Array');
  });

  it("URL is taken by load of batchnorm-wasm/url", async () => {
    // A vm context has no URL; jsdom's differs from Node's as this one does.
    const url = foreign<URL>(`new (class URL {
      get [Symbol.toStringTag]() { return "URL"; }
      toString() { return "data:text/html,<p>"; }
    })()`);
    await expect(loadByUrl({ url })).rejects.toThrow('got something that begins with "<p>"');
    await expect(loadByUrl({ url: foreign("{}") })).rejects.toThrow('"url" expected a string or a URL, got Object');
  });
});

describe("another copy of the package", () => {
  const words = /got one of another copy of batchnorm-wasm: two copies are loaded\. Load one only: .*import or require/;

  it("is told by name, with the remedy", async () => {
    vi.resetModules();
    const other = await import("../../src/index.js");
    expect(other.BatchNorm).not.toBe(BatchNorm);
    const theirs = other.loadSync();
    const tensor = theirs.tensor([2, 1], "NC", [1, 3]);
    const own = kernels.tensor([2, 1], "NC", [1, 3]);
    const layer = new BatchNorm(kernels, 1);
    layer.forward(own);
    const calls: Record<string, () => unknown> = {
      kernels: () => new BatchNorm(theirs, 1),
      x: () => batchStatistics(tensor),
      out: () => layer.forward(own, tensor),
      dy: () => layer.backward(tensor),
      gamma: () => normalize(own, batchStatistics(own), { gamma: tensor }),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect(call).toThrow(TypeError);
      expect(call).toThrow(words);
      expect(call).toThrow(new RegExp(`^"${name}" expected (what load returned|a Tensor), got `));
    }
  });

  it("is not what merely looks like a tensor or kernels", () => {
    const lookalike = { shape: [2, 1], layout: "NC", data: new Float32Array(2), dispose() {} };
    expect(() => batchStatistics(lookalike as never)).toThrow('"x" expected a Tensor, got Object');
    expect(() => new BatchNorm({ tensor() {}, memory: kernels.memory } as never, 1)).toThrow(
      '"kernels" expected what load returned, got Object',
    );
  });
});
