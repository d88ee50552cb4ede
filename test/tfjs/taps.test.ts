import { expect, it } from "vitest";
import { seeded } from "../../scripts/common/random.js";
import { decode } from "../../src/decode.js";
import { encoded } from "../../src/tfjs/kernels/binary.js";
import { type Loops, loopsInJavaScript } from "../../src/tfjs/kernels/taps.js";

const module = new WebAssembly.Module(decode(encoded));
const compiled = (memory: WebAssembly.Memory) =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Loops;

/** Rows and columns of dy, its channels, channels per channel of x, strides. */
const cases = [
  [2, 3, 1, 1, 1, 1],
  [3, 5, 4, 1, 2, 1],
  [3, 2, 7, 1, 1, 3],
  [1, 1, 8, 1, 1, 1],
  [4, 3, 6, 2, 2, 2],
];

/** All of the memory after two calls, of which the second adds to what the first has summed. */
function memoryAfter(make: (memory: WebAssembly.Memory) => Loops, extents: number[]): Uint8Array {
  const [rows, columns, channels, multiplier, strideHeight, strideWidth] = extents;
  const memory = new WebAssembly.Memory({ initial: 1 });
  const floats = new Float32Array(memory.buffer, 4096);
  floats.set(seeded(8).uniform(floats.length, 1));
  const tap = 8 * channels;
  const width = (columns - 1) * strideWidth + 3;
  const [x, xRow, dy] = [4096, (4 * width * channels) / multiplier, 32768];
  const { addTaps } = make(memory);
  for (const sums of [0, 0]) {
    addTaps(sums, tap, 3 * tap, x, xRow, dy, rows, columns, channels, multiplier, strideHeight, strideWidth);
  }
  return new Uint8Array(memory.buffer);
}

it.each(cases)("the loops in JavaScript give the bits of the binary: %j", (...extents) => {
  expect(memoryAfter(loopsInJavaScript, extents)).toEqual(memoryAfter(compiled, extents));
});
