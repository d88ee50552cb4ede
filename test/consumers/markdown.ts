import { plainTable } from "../../scripts/common/markdown.js";
import type { Row } from "./row.js";

export type Result = "passed" | "failed" | `${"failed" | "skipped"}: ${string}`;

export interface Done {
  readonly row: Row;
  readonly version: string;
  readonly result: Result;
}

const HEAD = ["consumer", "version", "how the package is loaded", "steps", "result"];

/** Only what would end a cell or begin a tag. */
const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

export function table(done: readonly Done[]): string {
  const rows = done.map(({ row, version, result }) => [row.consumer, version, row.imports, row.does, result].map(cell));
  return plainTable(HEAD, rows);
}

export function summary(done: readonly Done[]): string {
  const count = (kind: string) => done.filter(({ result }) => result.startsWith(kind)).length;
  return `consumers: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`;
}

export function report(done: readonly Done[], commit: string, date: string): string {
  return `# Consumers

Each row tests the packed tarball in a new project, as a user would install it.
\`npm run test:consumers\` wrote this page on ${date} at commit ${commit}.

All rows run the same steps. Their results must have the bits of stored numbers. Relaxed instructions and the fallback
in JavaScript may give other last bits, so tolerances apply to their results.
[test/consumers](../test/consumers/README.md) has the programs and says how to run them.

${table(done)}
`;
}
