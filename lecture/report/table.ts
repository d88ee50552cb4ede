import { table } from "../../scripts/common/markdown.js";

/** A table of the report. Cells are Markdown; the first column is to the left, the others to the right. */
export interface Table {
  readonly title?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function markdownTable({ title, head, rows }: Table): string {
  const text = table(head, rows, (column) => column > 0);
  return title === undefined ? text : `${title}\n\n${text}`;
}
