import { describe, expect, it } from "vitest";
import { CONTRACT_VERSION, type KernelExports } from "../../src/exports.js";
import { instantiateKernels, instantiateKernelsAsync, kernelsOf, load, loadSync } from "../../src/index.js";
import { load as loadFromUrl } from "../../src/url.js";

/** A binary of another contract, such as an old file from a CDN, is refused before its memory holds anything. */

const bytesOf = (name: string) => [name.length, ...Array.from(name, (letter) => letter.charCodeAt(0))];
const section = (id: number, contents: readonly number[]) => [id, contents.length, ...contents];

/** A module of functions without arguments that return these integers, each from 0 to 63. */
function binaryOf(functions: Readonly<Record<string, number>>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(functions);
  const returnsInteger = [0x60, 0, 1, 0x7f];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, ...returnsInteger]),
    ...section(3, [entries.length, ...entries.map(() => 0)]),
    ...section(7, [entries.length, ...entries.flatMap(([name], i) => [...bytesOf(name), 0, i])]),
    ...section(10, [entries.length, ...entries.flatMap(([, value]) => [4, 0, 0x41, value, 0x0b])]),
  ]);
}

const others: [what: string, functions: Record<string, number>, got: string][] = [
  ["a binary without a version", { scratchBytes: 8 }, "those of an older version"],
  [
    "a binary of the contract before",
    { scratchBytes: 8, contractVersion: CONTRACT_VERSION - 1 },
    `those of contract ${CONTRACT_VERSION - 1}`,
  ],
  [
    "a binary of the contract after",
    { scratchBytes: 8, contractVersion: CONTRACT_VERSION + 1 },
    `those of contract ${CONTRACT_VERSION + 1}`,
  ],
  ["a module of something else", { add: 3 }, "another module"],
];

describe.each(others)("%s", (_, functions, got) => {
  const refusal = (argument: string) =>
    new RangeError(
      `"${argument}" expected the kernels of this version of batchnorm-wasm (contract ${CONTRACT_VERSION}), got ${got}`,
    );
  const binary = binaryOf(functions);
  const module = new WebAssembly.Module(binary);
  const memories: [kind: string, memory: WebAssembly.Memory][] = [
    ["memory", new WebAssembly.Memory({ initial: 1 })],
    ["shared memory", new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })],
  ];

  it("is refused by load and loadSync", async () => {
    expect(() => loadSync({ module })).toThrow(refusal("module"));
    await expect(load({ module })).rejects.toThrow(refusal("module"));
  });

  it("is refused by load where JavaScript could compute, too", async () => {
    await expect(load({ module, fallback: "js" })).rejects.toThrow(refusal("module"));
  });

  it.each(memories)("is refused by instantiateKernels and its twin in a %s", async (_, memory) => {
    expect(() => instantiateKernels(memory, module)).toThrow(refusal("module"));
    await expect(instantiateKernelsAsync(memory, module)).rejects.toThrow(refusal("module"));
    expect(new Uint8Array(memory.buffer).some((byte) => byte !== 0)).toBe(false);
  });

  it("is refused by load of the entry without a binary", async () => {
    const url = `data:application/wasm;base64,${btoa(String.fromCharCode(...binary))}`;
    await expect(loadFromUrl({ url })).rejects.toThrow(refusal("url"));
  });

  it("is refused by kernelsOf", () => {
    const exports = new WebAssembly.Instance(module).exports as unknown as KernelExports;
    const implement = () => ({ exports, memory: new WebAssembly.Memory({ initial: 1 }) });
    expect(() => kernelsOf(implement)).toThrow(refusal("implement"));
  });
});

it("the kernels in JavaScript and in WebAssembly have the version of this package", async () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { fallbackKernels } = await import("../../src/fallback/kernels.js");
  for (const kernels of [instantiateKernels(memory), fallbackKernels(memory)]) {
    expect(kernels.contractVersion()).toBe(CONTRACT_VERSION);
  }
});
