import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decode } from "../../src/decode.js";
import { encoded as plain } from "../../src/module.js";
import { encoded as fused } from "../../src/relaxed-module.js";
import { sharedBinary } from "../../src/shared-memory.js";
import { exported } from "../helpers/contract.js";

/** The binaries' contract: pure functions of an imported memory and nothing else. */

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

describe.each([
  ["release", plain],
  ["relaxed", fused],
])("the binary %s", (name, encoded) => {
  const binary = decode(encoded);
  const module = new WebAssembly.Module(binary);

  it("imports exactly the memory", () => {
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  });

  it("exports exactly the interface, functions all", () => {
    const exports = WebAssembly.Module.exports(module);
    expect(exports.map(({ name }) => name).sort()).toEqual(Object.keys(exported).sort());
    expect(new Set(exports.map(({ kind }) => kind))).toEqual(new Set(["function"]));
  });

  it("takes the arguments of the contract", () => {
    const { exports } = new WebAssembly.Instance(module, { env: { memory: new WebAssembly.Memory({ initial: 1 }) } });
    const taken = Object.entries(exports).map(([name, kernel]) => [name, (kernel as () => void).length]);
    const expected = Object.entries(exported).map(([name, args]) => [name, args.length]);
    expect(Object.fromEntries(taken)).toEqual(Object.fromEntries(expected));
  });

  it("has no data, no global, no table and no start function", () => {
    const present = new Set(sections(binary));
    for (const [name, id] of Object.entries(SECTION)) expect(present.has(id), name).toBe(false);
  });

  it("calls nothing indirectly, and has relaxed instructions only where it is named so", () => {
    const text = readFileSync(new URL(`../../build/${name}.wat`, import.meta.url), "utf8");
    expect(text).toContain("f32x4.mul");
    expect(text).not.toContain("call_indirect");
    expect(new Set(text.match(/\w+\.relaxed\w+/g))).toEqual(
      new Set(name === "relaxed" ? ["f32x4.relaxed_madd", "f32x4.relaxed_nmadd"] : []),
    );
  });

  it("is the file that the build wrote, which checks its size", () => {
    const built = readFileSync(new URL(`../../build/${name}.wasm`, import.meta.url));
    expect(built.equals(binary)).toBe(true);
  });

  it("leaves the memory as it is when instantiated", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const bytes = new Uint8Array(memory.buffer).fill(0xa5);
    new WebAssembly.Instance(module, { env: { memory } });
    expect(bytes.every((byte) => byte === 0xa5)).toBe(true);
  });
});

describe("the binary for shared memories", () => {
  it("is byte for byte what the compiler makes with its flags for them", () => {
    const built = readFileSync(new URL("../../build/shared.wasm", import.meta.url));
    const rewritten = sharedBinary(decode(plain));
    expect(built.equals(rewritten)).toBe(true);
    // Flags of the memory, 3 bytes for the most pages, the size of the section.
    expect(rewritten.length - decode(plain).length).toBe(3);
  });

  it.each([1, 110, 200, 20_000])("is right where the import's name has %i letters", (letters) => {
    const name = "m".repeat(letters);
    const module = new WebAssembly.Module(sharedBinary(importing(name)));
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: name, name: "n", kind: "memory" }]);
    const memory = new WebAssembly.Memory({ initial: 5, maximum: 5, shared: true });
    expect(new WebAssembly.Instance(module, { [name]: { n: memory } })).toBeInstanceOf(WebAssembly.Instance);
    const [few, unshared] = [
      new WebAssembly.Memory({ initial: 4, maximum: 5, shared: true }),
      new WebAssembly.Memory({ initial: 5, maximum: 5 }),
    ];
    for (const n of [few, unshared]) {
      expect(() => new WebAssembly.Instance(module, { [name]: { n } })).toThrow(WebAssembly.LinkError);
    }
  });

  /** A module with 50 types, which take more bytes than one of LEB128 can say, and an import of a memory of 5 pages. */
  function importing(name: string): Uint8Array {
    const leb = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...leb(value >> 7)]);
    const section = (id: number, body: number[]) => [id, ...leb(body.length), ...body];
    const types = Array.from({ length: 50 }, () => [0x60, 0, 0]).flat();
    const letters = [...Buffer.from(name)];
    return Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, [50, ...types]),
      ...section(2, [1, ...leb(letters.length), ...letters, 1, 0x6e, 2, 0, 5]),
      ...section(10, [0]),
    ]);
  }
});
