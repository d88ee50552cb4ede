import type { TopLevelSpec } from "vega-lite";
import type { Header } from "../../scripts/common/machine.js";

export interface Results {
  readonly header: Header;
}

/** What one kind of run shows: its part of results.md, or a page of its own. */
export interface Section<R extends Results> {
  /** Of the run. Its results are in results/NAME.json of the report's directory. */
  readonly name: string;
  readonly title: string;
  /** Where it is a page of its own: the file in the report's directory. */
  readonly page?: string;
  /** What stands below the title, headings from the third level on; or the whole page. */
  markdown(results: R): string;
  /** What the run prints when it is over. */
  summary(results: R): string;
  /** Charts by the name of their file in results/, without extension; null where there is nothing to show. */
  charts?(results: R): Readonly<Record<string, TopLevelSpec | null>>;
  /** Writes what the package's documents show of published results. */
  document?(results: R): void;
}

/** How a run is repeated. */
export function command(name: string): string {
  return `\`npm run bench -- ${name}\``;
}

export function environment({ date, commit, machine, system, engine, quick, seconds }: Header): string {
  const length = quick ? "short run (--quick)" : "full run";
  return `${machine}, ${system}; ${engine}; commit ${commit}; ${date}; ${length}, ${seconds} s.`;
}

/** Two lines below a chart's title: how to read it, and where its figures are from. */
export function subtitle(note: string, { machine, engine, date }: Header): string[] {
  return [note, `${machine} · ${engine} · ${date}`];
}

/** Joins the parts with empty lines; leaves out those that are null or empty. */
export function paragraphs(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part).join("\n\n");
}

/** A list in words, or what is said where it is empty. */
export function point(title: string, found: readonly string[], otherwise: string): string {
  return found.length > 0 ? `- ${title}: ${found.join(", ")}.` : `- ${otherwise}`;
}
