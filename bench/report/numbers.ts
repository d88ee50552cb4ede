import { table as alignedTable } from "../../scripts/common/markdown.js";
import type { Verb } from "../baseline/index.js";
import type { Name } from "../contender.js";
import type { Timing } from "../measure.js";
import type { CaseResult } from "../trial.js";
import { TRAFFIC } from "../verbs.js";

const KB = 1024;
const MB = 1024 * KB;

export type Quartiles = Pick<Timing, "median" | "p25" | "p75">;

/** The classes of sizes, in bytes of x. */
export const SIZES = [
  { name: "below 256 KB", from: 0, to: 256 * KB },
  { name: "256 KB to 1 MB", from: 256 * KB, to: MB },
  { name: "1 to 8 MB", from: MB, to: 8 * MB },
  { name: "above 8 MB", from: 8 * MB, to: Number.POSITIVE_INFINITY },
] as const;

export function size(bytes: number): string {
  if (bytes < KB) return `${bytes} B`;
  if (bytes < MB) return `${digits(bytes / KB)} KB`;
  return bytes < KB * MB ? `${digits(bytes / MB)} MB` : `${digits(bytes / MB / KB)} GB`;
}

/** Three significant digits, without an exponent. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

export function ratio(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}

/** The median time of `name` over the median time of `base`. */
export function over<Row extends Name>(
  c: Pick<CaseResult<Row>, "timings">,
  verb: Verb,
  name: NoInfer<Row>,
  base: NoInfer<Row>,
): number {
  const times = c.timings[verb];
  return times[name].median / times[base].median;
}

/** Effective bandwidth in GB/s: the traffic that the verb cannot avoid, over the time. */
export function bandwidth(c: Pick<CaseResult, "bytes">, verb: Verb, timing: Timing): number {
  return (TRAFFIC[verb].count * c.bytes) / timing.median / 1e6;
}

/** Half the distance between the quartiles, relative to the median. */
export function spread({ median, p25, p75 }: Quartiles): string {
  return `${((50 * (p75 - p25)) / median).toFixed(1)} %`;
}

/** Milliseconds with the spread beside them. */
export function timed(timing: Quartiles): string {
  return `${digits(timing.median)} ± ${spread(timing)}`;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** A Markdown table; columns of numbers are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return alignedTable(head, rows, (column, cells) => column > 0 && cells.every((cell) => /^[\d.%x±\s-]*$/.test(cell)));
}
