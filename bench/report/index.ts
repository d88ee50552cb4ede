import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { browserSection } from "../browser/markdown.js";
import type { Header } from "../machine.js";
import { networksSection } from "../networks/markdown.js";
import type { Options } from "../options.js";
import { peersSection } from "../peers/markdown.js";
import { scalingSection } from "../scaling/markdown.js";
import { startSection } from "../start/markdown.js";
import { suiteSection } from "../suite/markdown.js";
import type { SuiteResults } from "../suite/results.js";
import { updateReadme } from "./readme.js";
import { environment, paragraphs, type Section } from "./section.js";

interface Results {
  readonly header: Header;
}

/** In the order of the report. A further kind of run is added here. */
const SECTIONS = [
  suiteSection,
  peersSection,
  browserSection,
  networksSection,
  scalingSection,
  startSection,
] as readonly Section<Results>[];

const INTRODUCTION =
  "Written by script from the JSON files in [results/](results); [README.md](README.md) says what is measured and how. Times " +
  "are medians; ± is the spread, half the distance of the quartiles over the median.";

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}

function fileOf({ name, file = `results/${name}.json` }: Pick<Section<Results>, "name" | "file">): string {
  return file;
}

async function stored(out: string, section: Pick<Section<Results>, "name" | "file">): Promise<Results | null> {
  const text = await readFile(join(out, fileOf(section)), "utf8").catch(() => null);
  return text === null ? null : JSON.parse(text);
}

/** Write results.md and the charts of every section whose results are in `out`. */
export async function render(out: string): Promise<void> {
  // Loading vega lets Node's own WebAssembly memory grow, see fairness.ts: not before the last sample.
  const { svg } = await import("./chart.js");
  const contents: string[] = [];
  const sections: string[] = [];
  for (const section of SECTIONS) {
    const results = await stored(out, section);
    if (!results) continue;
    const charts: string[] = [];
    for (const [file, spec] of Object.entries(section.charts?.(results) ?? {})) {
      if (!spec) continue;
      await writeFile(join(out, "results", `${file}.svg`), await svg(spec));
      charts.push(file);
    }
    contents.push(`- [${section.title}](#${anchor(section.title)}): \`npm run ${section.script}\``);
    sections.push(
      paragraphs(
        `## ${section.title}`,
        environment(results.header),
        ...charts.map((file) => `![${file.replaceAll("-", " ")}](results/${file}.svg)`),
        section.markdown(results),
      ),
    );
  }
  const text = paragraphs("# Benchmark results", INTRODUCTION, contents.join("\n"), ...sections);
  await writeFile(join(out, "results.md"), `${text}\n`);
}

/** What is published: bench/results.md with its charts, and the table and the chart of the README. */
export async function renderPublished(): Promise<void> {
  await render("bench");
  const suite = await stored("bench", suiteSection);
  if (suite) console.log(await updateReadme(suite as SuiteResults));
}

/** Keep the results of a run, write the report anew and print a summary. */
export async function publish<R extends Results>(
  section: Section<R>,
  results: R,
  { out, full }: Pick<Options, "out" | "full">,
): Promise<void> {
  await mkdir(join(out, "results"), { recursive: true });
  const file = join(out, fileOf(section));
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
  console.log(`\n${section.summary(results)}\n`);
  if (full) await renderPublished();
  else await render(out);
  console.log(`${file}, ${join(out, "results.md")}: written`);
}
