// Writes what was measured between the markers of README.md and docs/accuracy.md: the sizes of the last build, and the
// accuracy of the golden cases beside PyTorch's. The benchmark writes its table itself. With --accuracy it prints the errors
// of all golden cases and writes nothing.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { runCommand } from "./common/command.js";
import { plainTable, replaceMarked } from "./common/markdown.js";
import { parseArguments } from "./common/options.js";

process.chdir(new URL("../", import.meta.url).pathname);

/** The kinds of golden cases that docs/accuracy.md shows, by title. */
const KINDS: Readonly<Record<string, string>> = {
  ordinary: "noise, many shapes",
  sequence: "several batches in a row",
  "large-mean-2000": "mean about 2,000, deviation about 1",
  "large-mean-300000": "mean about 300,000, deviation about 1",
  "tiny-var": "deviation about 0.0001",
  constant: "constant channels",
  "huge-overflow": "values of 2e19 and 1e32",
  denormal: "values at the lower end of float32",
  nonfinite: "a NaN or an infinity in one channel",
  outlier: "one value far from all others",
  "shift-trap": "first value far from all others",
  long: "thousands of values per channel",
  gradient: "gradients that nearly cancel",
};
/** The kinds that the README shows. */
const SELECTED = ["ordinary", "large-mean-300000", "tiny-var", "constant", "huge-overflow", "gradient"];
const COLUMNS = ["y", "dx", "dgamma", "running variance"];

function sizes(): string {
  const { kernels, entry } = JSON.parse(readFileSync("build/sizes.json", "utf8"));
  const [raw, zipped] = [kernels, entry].map((bytes) => (bytes / 1000).toFixed(1));
  return `${zipped} kB minified and gzipped, including ${raw} kB of WebAssembly (uncompressed).`;
}

/** What test/golden/accuracy.ts prints: a line about the run, and a table. */
function everyError(): string {
  return execFileSync(process.execPath, ["--import", "tsx", "test/golden/accuracy.ts"], { encoding: "utf8" });
}

/** The line about the run and the table, with these kinds of cases. */
function accuracy(errors: string, kinds: readonly string[]): string {
  const lines = errors.split("\n");
  const cells = lines.filter((line) => line.startsWith("|")).map((line) => line.split("|").map((cell) => cell.trim()));
  const columns = COLUMNS.map((title) => cells[0].indexOf(title));
  const rows = kinds.map((kind) => {
    const row = cells.find((each) => each[1] === kind);
    if (!row || columns.includes(-1)) throw new Error(`accuracy.ts prints no ${kind}, or not all of ${COLUMNS}`);
    return [KINDS[kind], ...columns.map((column) => row[column])];
  });
  return `\n${lines[0]}\n\n${plainTable(["values", ...COLUMNS], rows, true)}\n`;
}

await runCommand(async () => {
  const options = parseArguments(process.argv.slice(2), { accuracy: { type: "boolean" }, help: { type: "boolean" } });
  if (options.help) {
    console.log("npm run readme [-- --accuracy]");
  } else if (options.accuracy) {
    process.stdout.write(everyError());
  } else {
    replaceMarked("README.md", "sizes", sizes());
    const errors = everyError();
    replaceMarked("README.md", "accuracy", accuracy(errors, SELECTED));
    replaceMarked("docs/accuracy.md", "accuracy", accuracy(errors, Object.keys(KINDS)));
    console.log("README.md, docs/accuracy.md: sizes and accuracy written");
  }
});
