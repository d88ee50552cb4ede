/** A table of the report. Cells are Markdown; the first column is to the left, the others to the right. */
export interface Table {
  readonly title?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function markdownTable({ title, head, rows }: Table): string {
  const widths = head.map((cell, i) => Math.max(3, ...[cell, ...rows.map((row) => row[i])].map((text) => text.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  const table = [line(head), rule, ...rows.map(line)].join("\n");
  return title === undefined ? table : `${title}\n\n${table}`;
}
