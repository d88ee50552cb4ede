import type { TopLevelSpec } from "vega-lite";
import type { Header } from "../../scripts/common/machine.js";

export interface Results {
  readonly header: Header;
}

/** The report of one kind of run: a part of results.md, or a page of its own. */
export interface Section<R extends Results> {
  /** The name of the run. Its results are in results/NAME.json of the report's directory. */
  readonly name: string;
  readonly title: string;
  /** The file in the report's directory, if the section is a page of its own. */
  readonly page?: string;
  /** The text below the title, with headings from the third level on; or the whole page. */
  markdown(results: R): string;
  /** The text that the run prints at its end. */
  summary(results: R): string;
  /** Charts by the name of their file in results/, without extension; null if there is nothing to show. */
  charts?(results: R): Readonly<Record<string, TopLevelSpec | null>>;
  /** Writes published results into the package's documents. */
  document?(results: R): void;
}

/** The command that repeats a run. */
export function command(name: string): string {
  return `\`npm run bench -- ${name}\``;
}

export function environment({ date, commit, machine, system, engine, quick, seconds }: Header): string {
  const length = quick ? "short run (--quick)" : "full run";
  return `${machine}, ${system}; ${engine}; commit ${commit}; ${date}; ${length}, ${seconds} s.`;
}

/** The two lines below a chart's title say how to read it and where its figures come from. */
export function subtitle(note: string, { machine, engine, date }: Header): string[] {
  return [note, `${machine} · ${engine} · ${date}`];
}

/** Joins the parts with empty lines; leaves out those that are null or empty. */
export function paragraphs(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part).join("\n\n");
}

/** A list as a sentence, or `otherwise` if the list is empty. */
export function point(title: string, found: readonly string[], otherwise: string): string {
  return found.length > 0 ? `- ${title}: ${found.join(", ")}.` : `- ${otherwise}`;
}
