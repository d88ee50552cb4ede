import ts from "typescript";
import { TILE } from "../../src/fallback/slots.js";
import { heap, heapOfGroups, heapOfTiles, wayTo } from "./heap.js";
import type { Mapping, Reduction } from "./operations.js";
import * as operations from "./operations.js";
import { planes } from "./planes.js";
import { rowGroups, rowRest, tile } from "./rows.js";
import { lines } from "./text.js";

const HEADER = `/** The loops of the fallback. Written by scripts/build.mjs from scripts/loops. */
import { FIRST, OFFSET, SCALE, SECOND, SHIFT, SLOPE, VANISHING } from "./slots.js";`;

/** Rows per iteration where columns fill no tile. */
const REST = 4;

interface Loop {
  readonly shape: string;
  /** All loops of a shape have the same, whether their operation uses them or not. */
  readonly parameters: string;
  readonly body: string;
}

const ofReduction = (operation: Reduction): Loop[] => [
  {
    shape: "planes",
    parameters: "start toDy at pitch batch channels spatial",
    body: planes(operation, operation.values, heap),
  },
  {
    shape: "rows",
    parameters: "start toDy at pitch rows columns",
    body: rowGroups(operation, ...operation.group, heapOfGroups),
  },
];

const ofMapping = (operation: Mapping): Loop[] => [
  {
    shape: "planes",
    parameters: "start toDy toOut at pitch batch channels spatial",
    body: planes(operation, operation.values, heap),
  },
  ...(operation.tiles
    ? [
        {
          shape: "tile",
          parameters: "start end toDy toOut at pitch columns",
          body: tile(operation, TILE, 1, heapOfTiles),
        },
      ]
    : []),
  {
    shape: "rest",
    parameters: "start toDy toOut at pitch rows columns from",
    body: rowRest(operation, REST, heap),
  },
];

/** A function for each loop, and an object that names them by shape. */
function write(name: string, operation: Reduction | Mapping): string {
  const unused = (["dy", "out"] as const).filter((element) => !operation.elements.includes(element)).map(wayTo);
  const declare = (parameter: string) => `${unused.includes(parameter) ? "_" : ""}${parameter}: number`;
  const loops = "group" in operation ? ofReduction(operation) : ofMapping(operation);
  const functions = loops.map(({ shape, parameters, body }) => {
    const numbers = parameters.split(" ").map(declare).join(", ");
    return `function ${name}_${shape}(f: Float32Array, k: Float64Array, ${numbers}): void { ${body} }`;
  });
  const shapes = loops.map(({ shape }) => `${shape}: ${name}_${shape}`);
  return lines([...functions, `export const ${name} = { ${shapes.join(", ")} };`]);
}

/** The text of src/fallback/loops.ts. */
export function fallbackLoops(): string {
  // Sorted, because the order of a module's names depends on what loads it.
  const loops = Object.entries(operations)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, operation]) => write(name, operation));
  const source = ts.createSourceFile("loops.ts", lines([HEADER, ...loops]), ts.ScriptTarget.Latest, true);
  return ts.createPrinter().printFile(source);
}
