import type { Memory } from "./operation.js";
import { INDEX, lines, offset } from "./text.js";

/** Largest index of a float64: 2^29 - 1 of them are 4 GB. */
const DOUBLE = "0x1fffffff";

/** Name of the distance from the index of x to that of another element: `toDy`. */
export function distanceTo(element: string): string {
  return `to${element[0].toUpperCase()}${element.slice(1)}`;
}

/**
 * The fallback's memory: all elements in `f`, a Float32Array, and all that is per channel in `k`, a Float64Array, from index
 * `at` on, in slots that are `pitch` apart (src/fallback/slots.ts).
 */
export const heap: Memory = {
  start: "start",
  channelMask: DOUBLE,
  rowMask: INDEX,
  hoisted: (names) => lines(names.map((name) => `const ${name}At = (at + ${name.toUpperCase()} * pitch) & ${DOUBLE};`)),
  indices: (elements) =>
    lines(elements.map((name) => (name === "x" ? "" : `const ${name} = (i + ${distanceTo(name)}) & ${INDEX};`))),
  element: (name, distance) => `f[${offset(name === "x" ? "i" : name, distance)}]`,
  slot: (name, lane) => `k[${offset(`${name}At`, "c", lane)}]`,
};
