import { Body, type Place } from "./body.js";
import type { Memory, Operation } from "./operation.js";
import { advance, INDEX, lines, offset, repeat } from "./text.js";

/** `const down1 = ..., down2 = ...`: the distances to the rows below. */
function distances(rows: number, { rowMask }: Memory): string {
  return lines(repeat(rows - 1, (row) => `const down${row + 1} = (${row + 1} * columns) & ${rowMask};`));
}

/** The values of one column in so many rows. */
function inColumn(rows: number, column = 0, lane = ""): Place[] {
  return repeat(rows, (row) => ({ distance: offset(row && `down${row}`, column), id: `${row}${lane}`, lane }));
}

/**
 * Sums, by groups of `height` rows: what a column sums to is loaded and stored once per group. An iteration takes `width`
 * columns. Rows and columns that are left go one by one.
 */
export function rowGroups(operation: Operation, height: number, width: number, memory: Memory): string {
  const body = new Body(operation, memory);
  const { start, channelMask } = memory;
  const column = (rows: number, lane: number) => {
    const places = inColumn(rows, lane);
    return lines([body.coefficients(lane), body.steps(places), body.store(places, lane)]);
  };
  const iteration = (rows: number, columns: number) =>
    lines([
      body.indices(),
      columns > 1 ? lines(repeat(columns, (lane) => `{ ${column(rows, lane)} }`)) : column(rows, 0),
      `${advance("c", columns, channelMask)};`,
    ]);
  const wide = (rows: number, columns: number) =>
    `for (const last = end - ${columns - 1}; i < last; ${advance("i", columns)}) { ${iteration(rows, columns)} }`;
  const group = (rows: number, columns: number) => `
    let c = 0;
    const end = (i + columns) & ${INDEX};
    ${columns > 1 ? wide(rows, columns) : ""}
    for (; i < end; ${advance("i", 1)}) { ${iteration(rows, 1)} }
    ${rows > 1 ? `${advance("i", `down${rows - 1}`)};` : ""}`;
  return `${distances(height, memory)}
    ${body.hoisted()}
    let i = ${start} & ${INDEX};
    let r = 0;
    for (; r < rows - ${height - 1}; r += ${height}) { ${group(height, width)} }
    for (; r < rows; r++) { ${group(1, 1)} }`;
}

/**
 * One tile of `width` columns, down to the index `end`: the coefficients and sums of its columns stay in locals. An
 * iteration takes `height` rows.
 */
export function tile(operation: Operation, width: number, height: number, memory: Memory): string {
  const body = new Body(operation, memory);
  const lanes = (text: (lane: number) => string) => lines(repeat(width, text));
  const iteration = (rows: number) => {
    const column = (lane: number) => inColumn(rows, lane, `_${lane}`);
    const rowByRow = repeat(rows, (row) => repeat(width, (lane) => column(lane)[row])).flat();
    return `{ ${body.indices()}
      ${body.steps(rowByRow)}
      ${lanes((lane) => body.accumulate(column(lane), `_${lane}`))} }`;
  };
  const down = `down${height - 1}`;
  return `${distances(height, memory)}
    let i = ${memory.start} & ${INDEX};
    ${body.hoisted()}
    ${lanes((lane) => body.coefficients(lane, `_${lane}`))}
    ${lanes((lane) => body.accumulators(`_${lane}`))}
    ${height > 1 ? `for (; i < end - ${down}; ${advance("i", `${down} + columns`)}) ${iteration(height)}` : ""}
    for (; i < end; ${advance("i", "columns")}) ${iteration(1)}
    ${lanes((lane) => body.storeAccumulators(lane, `_${lane}`))}`;
}

/** The columns from `from` on, which fill no tile: one column of `height` rows per iteration. */
export function rowRest(operation: Operation, height: number, memory: Memory): string {
  const body = new Body(operation, memory);
  const columns = (rows: number) => `for (let c = from; c < columns; c++) {
    ${body.coefficients()}
    const i = (${offset(memory.start, "r * columns", "c")}) & ${INDEX};
    ${body.indices()}
    ${body.steps(inColumn(rows))}
  }`;
  return `${distances(height, memory)}
    ${body.hoisted()}
    let r = 0;
    for (; r < rows - ${height - 1}; r += ${height}) { ${columns(height)} }
    for (; r < rows; r++) { ${columns(1)} }`;
}
