import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { runCommand } from "../../scripts/common/command.js";
import { commit } from "../../scripts/common/machine.js";
import { matching } from "../../scripts/common/options.js";
import { installTools } from "./install.js";
import { type Done, report, summary, table } from "./markdown.js";
import { help, type Options, parse } from "./options.js";
import { ConsumerError, endAll } from "./processes.js";
import { nameOf, type Row } from "./row.js";
import { rows as all } from "./rows/index.js";
import { Workshop } from "./workshop.js";

const indented = (text: string) => text.trimEnd().replaceAll(/^/gm, "    ");

function complain(error: unknown): void {
  console.log(indented(error instanceof ConsumerError ? error.message : String((error as Error)?.stack ?? error)));
  if (error instanceof ConsumerError && error.output.trim() !== "") console.log(indented(error.output));
}

/** Above what the steps of a row may take each: a build of Next.js has 240 s. */
const SECONDS = 360;

/** For what has no limit of its own, such as a browser that does not answer. */
async function within(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConsumerError(`the row took more than ${SECONDS} s`, "")), 1000 * SECONDS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function take(row: Row, workshop: Workshop, required: boolean): Promise<Done> {
  const missing = row.missing?.(workshop) ?? null;
  if (missing !== null) {
    const kind = missing.demanded && required ? "failed" : "skipped";
    return { row, version: "", result: `${kind}: ${missing.reason}` };
  }
  let version = "";
  try {
    await workshop.leave(row.site);
    version = await row.version(workshop);
    await within(row.run(workshop));
    return { row, version, result: "passed" };
  } catch (error) {
    complain(error);
    return { row, version, result: "failed" };
  }
}

async function takeAll(rows: readonly Row[], workshop: Workshop, required: boolean): Promise<Done[]> {
  const done: Done[] = [];
  for (const [index, row] of rows.entries()) {
    const began = performance.now();
    const outcome = await take(row, workshop, required);
    const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(5);
    console.log(`[${index + 1}/${rows.length}] ${seconds} s  ${nameOf(row)}: ${outcome.result}`);
    done.push(outcome);
  }
  return done;
}

function publish(done: readonly Done[], { only, out }: Options): void {
  if (only !== undefined) {
    console.log(`\n${table(done)}\n`);
    return;
  }
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, report(done, commit("."), new Date().toISOString().slice(0, 10)));
  console.log(`${out} is written`);
}

await runCommand(async () => {
  const options = parse();
  if (options.help) {
    console.log(help);
    return;
  }
  const rows = matching("--only", options.only, all, nameOf);
  if (options.list) {
    console.log(rows.map(nameOf).join("\n"));
    return;
  }
  installTools();
  const workshop = new Workshop(options.tarball);
  // However it ends: an interrupt, or an error that nothing catches.
  process.once("exit", () => {
    endAll();
    workshop.remove();
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  try {
    const done = await takeAll(rows, workshop, options.require);
    publish(done, options);
    console.log(summary(done));
    if (done.some(({ result }) => result.startsWith("failed"))) process.exitCode = 1;
  } finally {
    await workshop.close();
  }
});
