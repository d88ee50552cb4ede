import { type Memory, type Operation, SUMS } from "../../scripts/loops/operation.js";
import { planes as planesText } from "../../scripts/loops/planes.js";
import { rowGroups as rowGroupsText, tile as tileText } from "../../scripts/loops/rows.js";
import { offset } from "../../scripts/loops/text.js";

/** The arguments are the arrays of elements, the coefficients, the sums (which the loop adds to), and the extents. */
export type Loop = (...args: (Float32Array | Float64Array | number)[]) => void;

/** Bytes of one array in a block of rows. The next tile finds a block of this size in the L2 cache. */
const BLOCK_BYTES = 512 * 1024;
const EXTENTS = ["batch", "channels", "spatial"];

/**
 * Every name is an array; per-channel arrays have an s at the end. The masks keep indices in V8's range of small
 * integers.
 */
const arrays: Memory = {
  start: "0",
  channelMask: "0xfffff",
  rowMask: "0xffffff",
  hoisted: () => "",
  indices: () => "",
  element: (name, distance) => `${name}[${offset("i", distance)}]`,
  slot: (name, lane) => `${name}s[${offset("c", lane)}]`,
};

function arraysOf({ elements, coefficients, terms }: Operation): string[] {
  return [...elements, ...[...coefficients, ...SUMS.slice(0, terms.length)].map((name) => `${name}s`)];
}

let serial = 0;

/** The serial number keeps texts distinct: V8 would give equal texts one function with one type feedback. */
function compile(names: readonly string[], body: string): Loop {
  return new Function(...names, `// ${serial++}\n${body}`) as Loop;
}

export function planes(operation: Operation, values: number): Loop {
  return compile([...arraysOf(operation), ...EXTENTS], planesText(operation, values, arrays));
}

export function rowGroups(operation: Operation, height: number, width: number): Loop {
  const rows = "const rows = batch * spatial, columns = channels;";
  return compile([...arraysOf(operation), ...EXTENTS], `${rows}\n${rowGroupsText(operation, height, width, arrays)}`);
}

function tile(operation: Operation, width: number, height: number): Loop {
  const names = [...arraysOf(operation), "start", "end", "columns", "c"];
  return compile(names, tileText(operation, width, height, { ...arrays, start: "start" }));
}

/**
 * Runs tiles of `width` columns down blocks of rows, with `values` values per iteration. Tiles of half the width, down
 * to 1, take the columns that are left.
 */
export function rowTiles(operation: Operation, width: number, values: number): Loop {
  const widths: number[] = [];
  for (let w = width; w >= 1; w >>= 1) widths.push(w);
  const names = arraysOf(operation);
  const calls = widths.map(
    (w) => `for (; c <= channels - ${w}; c += ${w}) tile${w}(${names.join()}, first + c, end, channels, c);`,
  );
  const make = compile(
    widths.map((w) => `tile${w}`),
    `return function (${[...names, ...EXTENTS].join()}) {
      const elements = batch * spatial * channels;
      const block = Math.max(16, Math.floor(${BLOCK_BYTES / 4} / channels)) * channels;
      for (let first = 0; first < elements; first += block) {
        const end = Math.min(elements, first + block);
        let c = 0;
        ${calls.join("\n")}
      }
    };`,
  ) as unknown as (...tiles: Loop[]) => Loop;
  return make(...widths.map((w) => tile(operation, w, Math.min(8, values / w))));
}
