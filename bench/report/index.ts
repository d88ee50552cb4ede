import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jsonLines } from "../../scripts/common/json.js";
import { browserSection } from "../browser/markdown.js";
import { dataSection } from "../data/markdown.js";
import { networksSection } from "../networks/markdown.js";
import type { Options } from "../options.js";
import { peersSection } from "../peers/markdown.js";
import { reluSection } from "../relu/markdown.js";
import { residualSection } from "../residual/markdown.js";
import { scalingSection } from "../scaling/markdown.js";
import { startSection } from "../start/markdown.js";
import { suiteSection } from "../suite/markdown.js";
import { tfjsSection } from "../tfjs/section.js";
import { command, environment, paragraphs, type Results, type Section } from "./section.js";

/** The sections in the order of the report. A new kind of run is added here. */
const SECTIONS = [
  suiteSection,
  peersSection,
  browserSection,
  networksSection,
  scalingSection,
  dataSection,
  reluSection,
  residualSection,
  startSection,
  tfjsSection,
] as readonly Section<Results>[];

/** Names of the lists in results/*.json whose elements get one line each. */
const LISTS = new Set([
  "cases",
  "small",
  "browsers",
  "networks",
  "sizes",
  "scans",
  "points",
  "kinds",
  "engines",
  "layers",
  "pages",
  "convolutions",
]);

const INTRODUCTION =
  "A script writes this page from the JSON files in [results/](results). [README.md](README.md) says what is measured and " +
  "how. Times are medians; ± is the spread, half the distance of the quartiles over the median.";

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}

/** The sections that have results in `out`, each with its results. */
async function stored(out: string): Promise<(readonly [Section<Results>, Results])[]> {
  const found = SECTIONS.map(async (section) => {
    const text = await readFile(join(out, "results", `${section.name}.json`), "utf8").catch(() => null);
    return text === null ? [] : [[section, JSON.parse(text) as Results] as const];
  });
  return (await Promise.all(found)).flat();
}

/** Writes the charts of a section; returns the Markdown images that show them. */
async function charts(out: string, section: Section<Results>, results: Results): Promise<string[]> {
  // Loading vega grows a WebAssembly memory of Node.js (see fairness.ts), so it is loaded after the last sample.
  const { chart } = await import("./chart.js");
  const specs = Object.entries(section.charts?.(results) ?? {});
  const drawn = specs.map(async ([file, spec]) => {
    if (!spec) return null;
    await writeFile(join(out, "results", `${file}.svg`), await chart(spec));
    return `![${file.replaceAll("-", " ")}](results/${file}.svg)`;
  });
  return (await Promise.all(drawn)).filter((image) => image !== null);
}

/** Writes results.md, the separate pages, and the charts of every section that has results in `out`. */
export async function render(out: string): Promise<void> {
  const contents: string[] = [];
  const sections: string[] = [];
  for (const [section, results] of await stored(out)) {
    const { name, title, page } = section;
    if (page) {
      await writeFile(join(out, page), `${section.markdown(results)}\n`);
      continue;
    }
    contents.push(`- [${title}](#${anchor(title)}): ${command(name)}`);
    const images = await charts(out, section, results);
    sections.push(paragraphs(`## ${title}`, environment(results.header), ...images, section.markdown(results)));
  }
  const text = paragraphs("# Benchmark results", INTRODUCTION, contents.join("\n"), ...sections);
  await writeFile(join(out, "results.md"), `${text}\n`);
}

/** Writes all that is published: the pages of bench/ with their charts, and the marked parts of the documents. */
export async function renderPublished(): Promise<void> {
  await render("bench");
  for (const [section, results] of await stored("bench")) section.document?.(results);
}

/** Stores the results of a run, prints a summary and writes the report again. */
export async function publish<R extends Results>(
  section: Section<R>,
  results: R,
  { out, full }: Pick<Options, "out" | "full">,
): Promise<void> {
  await mkdir(join(out, "results"), { recursive: true });
  const file = join(out, "results", `${section.name}.json`);
  await writeFile(file, jsonLines(results, LISTS));
  console.log(`\n${section.summary(results)}\n`);
  if (full) await renderPublished();
  else await render(out);
  console.log(`${file}, ${join(out, section.page ?? "results.md")}: written`);
}
