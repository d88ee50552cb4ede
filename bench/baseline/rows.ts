import {
  addition,
  CHANNEL,
  compile,
  EXTENTS,
  INDEX,
  type Loop,
  offset,
  parameters,
  repeat,
  SUM_NAMES,
} from "./generate.js";
import type { Operation } from "./operations.js";

/** Bytes of one array that a block of rows may take, so that the next tile finds it in the second-level cache. */
const BLOCK_BYTES = 512 * 1024;

/** `const down1 = channels, down2 = 2·channels ...`: the distance to the rows below, with a known range. */
function distances(rows: number): string {
  return repeat(rows - 1, (row) => `const down${row + 1} = (${row + 1} * channels) & 0xffffff;`);
}

function index(row: number, column: number): string {
  return offset("i", row && `down${row}`, column);
}

function below(rows: number, lane: number): string[] {
  return Array.from({ length: rows }, (_, row) => `${row}_${lane}`);
}

/** `rows` elements of one column below each other: coefficients, steps, and their sums into the arrays. */
function column({ coefficients, step, terms }: Operation, rows: number, lane: number): string {
  const channel = offset("c", lane);
  const ids = below(rows, lane);
  return [
    ...coefficients.map((name) => `const ${name}_${lane} = ${name}[${channel}];`),
    ...ids.map((id, row) => step(index(row, lane), id, `_${lane}`)),
    ...terms.map((term, k) => `${SUM_NAMES[k]}[${channel}] += ${addition(ids.map(term))};`),
  ].join("\n");
}

/** `rows` rows together, `columns` columns a turn: a coefficient is read and a sum is updated once per `rows` values. */
export function rowGroups(operation: Operation, rows: number, columns: number): Loop {
  const group = (height: number) => `
    for (; r + ${height - 1} < end; r += ${height}) {
      let i = (r * channels) & ${INDEX}, c = 0;
      for (; c < channels - ${columns - 1}; c = (c + ${columns}) & ${CHANNEL}) {
        ${repeat(columns, (lane) => column(operation, height, lane))}
        i = (i + ${columns}) & ${INDEX};
      }
      for (; c < channels; c = (c + 1) & ${CHANNEL}) {
        ${column(operation, height, 0)}
        i = (i + 1) & ${INDEX};
      }
    }`;
  return compile(
    [...parameters(operation), ...EXTENTS],
    `${distances(rows)}
    const end = batch * spatial;
    let r = 0;
    ${group(rows)}
    ${group(1)}`,
  );
}

/** One tile of `width` columns, `rows` rows a turn, down to element `end`: coefficients and sums stay in registers. */
function tile(operation: Operation, width: number, rows: number): Loop {
  const { coefficients, step, terms } = operation;
  const lanes = (text: (lane: number) => string) => repeat(width, text);
  const turn = (height: number) => `{
    ${repeat(height, (row) => lanes((lane) => step(index(row, lane), `${row}_${lane}`, `_${lane}`)))}
    ${lanes((lane) => {
      const ids = below(height, lane);
      return terms.map((term, k) => `t${k}_${lane} += ${addition(ids.map(term))};`).join("");
    })}
  }`;
  const last = `down${rows - 1}`;
  return compile(
    [...parameters(operation), "start", "end", "channels", "c"],
    `${distances(rows)}
    let i = start & ${INDEX};
    ${lanes((lane) => coefficients.map((name) => `const ${name}_${lane} = ${name}[c + ${lane}];`).join(""))}
    ${lanes((lane) => terms.map((_, k) => `let t${k}_${lane} = 0;`).join(""))}
    ${rows > 1 ? `for (; i < end - ${last}; i = (i + ${last} + channels) & ${INDEX}) ${turn(rows)}` : ""}
    for (; i < end; i = (i + channels) & ${INDEX}) ${turn(1)}
    ${lanes((lane) => terms.map((_, k) => `${SUM_NAMES[k]}[c + ${lane}] += t${k}_${lane};`).join(""))}`,
  );
}

/** Tiles of `width` columns (what is left: half of that, down to 1) down blocks of rows, `values` elements a turn. */
export function rowTiles(operation: Operation, width: number, values: number): Loop {
  const widths: number[] = [];
  for (let w = width; w >= 1; w >>= 1) widths.push(w);
  const names = parameters(operation);
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
