import type { TopLevelSpec } from "vega-lite";
import type { Header } from "../machine.js";

/** One kind of run, as the report shows it. */
export interface Section<Results extends { readonly header: Header }> {
  /** Its results are in results/NAME.json of the report's directory, unless `file` says otherwise. */
  readonly name: string;
  readonly file?: string;
  readonly title: string;
  /** The script in package.json that measures it. */
  readonly script: string;
  /** What stands below the title; headings from the third level on. */
  markdown(results: Results): string;
  /** What the run prints when it is over. */
  summary(results: Results): string;
  /** Charts by the name of their file in results/, without extension; null where there is nothing to show. */
  charts?(results: Results): Readonly<Record<string, TopLevelSpec | null>>;
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
