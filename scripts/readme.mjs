// Writes what was measured between the markers of README.md: the sizes of the last build, and the accuracy of the golden
// cases beside PyTorch's. The table of the benchmarks is bench's own.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

process.chdir(new URL("../", import.meta.url).pathname);

/** The kinds of golden cases that are shown. */
const KINDS = {
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
  long: "thousands of values a channel",
  gradient: "gradients that nearly cancel",
};
const COLUMNS = ["y", "dx", "dgamma", "running variance"];

function sizes() {
  const { kernels, entry } = JSON.parse(readFileSync("build/sizes.json", "utf8"));
  const [raw, zipped] = [kernels, entry].map((bytes) => bytes.toLocaleString("en"));
  return `${raw} bytes of WebAssembly; the whole module with them inside, minified and gzipped, ${zipped} bytes.`;
}

function accuracy() {
  const command = ["--import", "tsx", "test/golden/accuracy.ts"];
  const lines = execFileSync(process.execPath, command, { encoding: "utf8" }).split("\n");
  const cells = lines.filter((line) => line.startsWith("|")).map((line) => line.split("|").map((cell) => cell.trim()));
  const columns = COLUMNS.map((title) => cells[0].indexOf(title));
  const rows = Object.entries(KINDS).map(([kind, title]) => {
    const row = cells.find((each) => each[1] === kind);
    if (!row || columns.includes(-1)) throw new Error(`accuracy.ts prints no ${kind}, or not all of ${COLUMNS}`);
    return [title, ...columns.map((column) => row[column])];
  });
  const table = [["values", ...COLUMNS], ["---", ...COLUMNS.map(() => "---:")], ...rows];
  return `\n${lines[0]}\n\n${table.map((row) => `| ${row.join(" | ")} |`).join("\n")}\n`;
}

function between(text, name, content) {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no ${start} ... ${end}`);
  return text.slice(0, from) + start + content + text.slice(to);
}

const readme = readFileSync("README.md", "utf8");
writeFileSync("README.md", between(between(readme, "sizes", sizes()), "accuracy", accuracy()));
console.log("README.md: sizes and accuracy written");
