import ts from "typescript";
import { TILE } from "../../src/fallback/slots.js";
import { distanceTo, heap } from "./heap.js";
import type { Mapping, Reduction } from "./operations.js";
import * as operations from "./operations.js";
import { planes } from "./planes.js";
import { rowGroups, rowRest, tile } from "./rows.js";
import { lines } from "./text.js";

const HEADER = `/** The loops of the fallback. Written by scripts/build.mjs from scripts/loops. */
import { CHOICE, FIRST, MEAN, OFFSET, SCALE, SECOND, SHIFT, SLOPE, VANISHING } from "./slots.js";`;

/** Rows per iteration where columns fill no tile. */
const REST = 4;

interface Loop {
  readonly shape: string;
  /** As many for all loops of a shape, whether their operation uses them or not. */
  readonly parameters: string;
  readonly body: string;
}

function reductionLoops(operation: Reduction): Loop[] {
  const start = "start toDy at pitch";
  return [
    { shape: "planes", parameters: `${start} batch channels spatial`, body: planes(operation, operation.values, heap) },
    { shape: "rows", parameters: `${start} rows columns`, body: rowGroups(operation, ...operation.group, heap) },
  ];
}

function mappingLoops(operation: Mapping): Loop[] {
  const start = `start ${distanceTo(operation.elements.includes("residual") ? "residual" : "dy")} toOut at pitch`;
  const tiles = operation.tiles
    ? [{ shape: "tile", parameters: `${start} end columns c`, body: tile(operation, TILE, 1, heap) }]
    : [];
  return [
    { shape: "planes", parameters: `${start} batch channels spatial`, body: planes(operation, operation.values, heap) },
    ...tiles,
    { shape: "rest", parameters: `${start} rows columns from`, body: rowRest(operation, REST, heap) },
  ];
}

/** The loops of an export: an object of them, or an array of such objects. */
function writeExport(name: string, operation: Reduction | Mapping | readonly (Reduction | Mapping)[]): string {
  if (!Array.isArray(operation)) return lines([write(name, operation as Reduction | Mapping), `export { ${name} };`]);
  const names = operation.map((_, i) => `${name}_${i}`);
  return lines([...operation.map((each, i) => write(names[i], each)), `export const ${name} = [${names.join(", ")}];`]);
}

/** A function for each loop, and an object that names them by shape. */
function write(name: string, operation: Reduction | Mapping): string {
  const unused = (["dy", "out"] as const).filter((element) => !operation.elements.includes(element)).map(distanceTo);
  const declare = (parameter: string) => `${unused.includes(parameter) ? "_" : ""}${parameter}: number`;
  const loops = "group" in operation ? reductionLoops(operation) : mappingLoops(operation);
  const functions = loops.map(({ shape, parameters, body }) => {
    const numbers = parameters.split(" ").map(declare).join(", ");
    return `function ${name}_${shape}(f: Float32Array, k: Float64Array, ${numbers}): void { ${body} }`;
  });
  const shapes = loops.map(({ shape }) => `${shape}: ${name}_${shape}`);
  return lines([...functions, `const ${name} = { ${shapes.join(", ")} };`]);
}

/** The text of src/fallback/loops.ts. */
export function fallbackLoops(): string {
  // Sorted, because the order of a module's names depends on what loads it.
  const loops = Object.entries(operations)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, operation]) => writeExport(name, operation));
  const source = ts.createSourceFile("loops.ts", lines([HEADER, ...loops]), ts.ScriptTarget.Latest, true);
  return ts.createPrinter().printFile(source);
}
