import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { base64 } from "../src/module.js";

/** The binary's contract: pure functions of an imported memory and nothing else. */

const release = Buffer.from(base64, "base64");
const module = new WebAssembly.Module(release);

const grammar = [
  ...["statistics"].flatMap((verb) => [`${verb}Planes`, `${verb}Rows`]),
  ...["normalize", "gradientSums", "inputGradient"].flatMap((verb) =>
    ["Planes", "Rows"].flatMap((shape) => [`${verb}${shape}`, `${verb}${shape}Relu`]),
  ),
  ...["invstd", "scratchBytes", "toFloat32", "updateRunning"],
];

/** Ids of the sections, in the WebAssembly specification's numbering. */
const SECTION = { memory: 5, global: 6, start: 8, element: 9, data: 11, table: 4 };

function* sections(binary: Uint8Array): Generator<number> {
  let at = 8;
  while (at < binary.length) {
    yield binary[at++];
    let size = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = binary[at++];
      size |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    at += size;
  }
}

describe("the binary", () => {
  it("imports exactly the memory", () => {
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  });

  it("exports exactly the interface, functions all", () => {
    const exports = WebAssembly.Module.exports(module);
    expect(exports.map(({ name }) => name).sort()).toEqual(grammar.sort());
    expect(new Set(exports.map(({ kind }) => kind))).toEqual(new Set(["function"]));
  });

  it("has no data, no global, no table and no start function", () => {
    const present = new Set(sections(release));
    for (const [name, id] of Object.entries(SECTION)) expect(present.has(id), name).toBe(false);
  });

  it("calls nothing indirectly and uses no relaxed instruction", () => {
    const text = readFileSync(new URL("../build/release.wat", import.meta.url), "utf8");
    expect(text).toContain("f32x4.mul");
    expect(text).not.toMatch(/call_indirect|relaxed/);
  });

  it("is the file that the build wrote, and within its budget", () => {
    const built = readFileSync(new URL("../build/release.wasm", import.meta.url));
    expect(built.equals(release)).toBe(true);
    expect(release.length).toBeLessThanOrEqual(12_000);
  });

  it("leaves the memory as it is when instantiated", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const bytes = new Uint8Array(memory.buffer).fill(0xa5);
    new WebAssembly.Instance(module, { env: { memory } });
    expect(bytes.every((byte) => byte === 0xa5)).toBe(true);
  });
});
