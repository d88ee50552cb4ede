import type { Coefficient, Element, Memory, Sum } from "./operation.js";
import { INDEX, lines, offset } from "./text.js";

/**
 * The fallback's memory: all elements are in `f`, a Float32Array, all that is per channel in `k`, a Float64Array, from the
 * index `at` on, in slots that are `pitch` apart (src/fallback/slots.ts).
 */

/** Name of a way from one index to another: `toDy`, `toScale`. */
export function wayTo(name: string): string {
  return `to${name[0].toUpperCase()}${name.slice(1)}`;
}

type Slot = Coefficient | Sum;

/** The mean is the first slot. */
const others = (names: readonly Slot[]) => names.filter((name) => name !== "mean");
const way = (name: Slot) => (name === "mean" ? "" : `${name.toUpperCase()} * pitch`);
const CHANNEL = "0x1fffffff";

export const heap: Memory = {
  start: "start",
  channel: `at & ${CHANNEL}`,
  channelMask: CHANNEL,
  rowMask: INDEX,
  hoisted: () => "",
  indices: (elements) =>
    lines(elements.filter((name) => name !== "x").map((name) => `const ${name} = (i + ${wayTo(name)}) & ${INDEX};`)),
  element: (name: Element, distance) => `f[${offset(name === "x" ? "i" : name, distance)}]`,
  slot: (name) => `k[${offset("at", way(name), "c")}]`,
};

/** For groups of rows, where `c` begins at `at`. */
export const heapOfGroups: Memory = {
  ...heap,
  hoisted: (names) => lines(others(names).map((name) => `const ${wayTo(name)} = (${way(name)}) & ${CHANNEL};`)),
  slot: (name, lane) => `k[${offset("c", name === "mean" ? "" : wayTo(name), lane)}]`,
};

/** For tiles, of which `at` is the first column's. */
export const heapOfTiles: Memory = {
  ...heap,
  hoisted: (names) => lines(others(names).map((name) => `const ${name}At = ${offset("at", way(name))};`)),
  slot: (name, lane) => `k[${offset(name === "mean" ? "at" : `${name}At`, lane)}]`,
};
