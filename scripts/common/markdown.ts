import { readFileSync, writeFileSync } from "node:fs";

/** A table with columns of equal width, as a formatter writes it; `right` says which columns stand to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: (column: number, cells: readonly string[]) => boolean,
): string {
  const columns = head.map((title, k) => {
    const cells = rows.map((row) => row[k]);
    return { right: right(k, cells), width: Math.max(3, title.length, ...cells.map((cell) => cell.length)) };
  });
  const cell = (text: string, k: number) =>
    columns[k].right ? text.padStart(columns[k].width) : text.padEnd(columns[k].width);
  const rule = columns.map(({ right, width }) => (right ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [head.map(cell), rule, ...rows.map((row) => row.map(cell))].map(row).join("\n");
}

/** A table that is not padded, since its cells are sentences; all columns but the first stand to the right on request. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[], right = false): string {
  const rule = head.map((_, k) => (right && k > 0 ? "---:" : "---"));
  return [head, rule, ...rows].map(row).join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A paragraph in lines of at most 120 characters. */
export function filled(text: string): string {
  return text.replaceAll(/(?=\S)(.{1,120})(?: |$)/g, (_, line: string) => `${line}\n`).trimEnd();
}

/** Replaces the text between the markers `<!-- NAME:start -->` and `<!-- NAME:end -->` of a file. */
export function replaceMarked(file: string | URL, name: string, content: string): void {
  const text = readFileSync(file, "utf8");
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no ${start} ... ${end}`);
  writeFileSync(file, text.slice(0, from) + start + content + text.slice(to));
}
