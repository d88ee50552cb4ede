import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { encode } from "../../scripts/encode.js";
import { decode } from "../../src/decode.js";
import { encoded } from "../../src/tfjs/kernels/binary.js";

/** The text that a binary is in a module of src. binary.test.ts asks for that of the kernels. */

const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);

it("has a text for each byte, which is read as this byte wherever it stands", () => {
  for (const byte of every) {
    const binary = Uint8Array.from([...every].flatMap((other) => [other, byte]));
    expect(decode(encode(binary))).toEqual(binary);
  }
  expect(decode("")).toEqual(new Uint8Array());
});

it("has no letter that a string literal, a template or a page must escape", () => {
  expect(encode(every)).toMatch(/^[ -~]+$/);
  expect(encode(every)).not.toMatch(/["'`\\$<]/);
});

it("gives the loops for TensorFlow.js that the build wrote, byte for byte", () => {
  const built = readFileSync(new URL("../../build/tfjs.wasm", import.meta.url));
  expect(built.equals(decode(encoded))).toBe(true);
});
