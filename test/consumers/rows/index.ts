import type { Row } from "../row.js";
import { bundlerRows } from "./bundlers.js";
import { entryRows } from "./entries.js";
import { nextRows } from "./next.js";
import { nodeRows } from "./node.js";
import { numberRows } from "./numbers.js";
import { packageRows } from "./package.js";
import { pageRows } from "./pages.js";
import { printedRows } from "./printed.js";
import { runnerRows } from "./runners.js";
import { runtimeRows } from "./runtimes.js";
import { tfjsRows } from "./tfjs.js";
import { typeRows } from "./types.js";
import { usingRows } from "./using.js";

export const rows: readonly Row[] = [
  ...numberRows,
  ...nodeRows,
  ...runtimeRows,
  ...pageRows,
  ...bundlerRows,
  ...nextRows,
  ...tfjsRows,
  ...printedRows,
  ...runnerRows,
  ...entryRows,
  ...usingRows,
  ...typeRows,
  ...packageRows,
];
