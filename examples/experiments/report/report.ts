import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { header, NODE } from "../../../bench/machine.js";
import type { Conclusion, Experiment } from "../experiment.js";
import type { Kept } from "../run/store.js";
import { writeChart } from "./charts.js";
import { type About, markdown } from "./markdown.js";

/** One section of the report. */
export interface Entry {
  readonly number: number;
  readonly experiment: Experiment;
  readonly conclusion: Conclusion;
  readonly trials: readonly Kept[];
}

/** Writes `file`, and into the folder of its name the charts and results.json, which holds every trial. */
export async function writeReport(file: string, entries: readonly Entry[], about: About): Promise<void> {
  const folder = file.replace(/\.md$/, "");
  rmSync(folder, { recursive: true, force: true }); // charts of another run
  mkdirSync(folder, { recursive: true });
  for (const { experiment, conclusion } of entries) {
    for (const { name, spec } of conclusion.charts ?? []) {
      await writeChart(join(folder, `${experiment.name}-${name}.svg`), spec);
    }
  }
  const seconds = [...distinct(entries).values()].reduce((sum, trial) => sum + trial.seconds, 0);
  const where = header(about.quick, NODE, Date.now() - 1000 * seconds);
  writeFileSync(join(folder, "results.json"), results(entries, where));
  writeFileSync(file, markdown(entries, about, where, basename(folder)));
}

/** By their keys: experiments share trials. */
function distinct(entries: readonly Entry[]): Map<string, Kept> {
  return new Map(entries.flatMap(({ trials }) => trials.map((trial) => [trial.key, trial])));
}

/** A line a trial: results are long, and are looked for one by one. */
function results(entries: readonly Entry[], where: object): string {
  const trials = distinct(entries);
  const experiments = entries.map(({ experiment, conclusion, trials }) => {
    const { name, title, claim, refutedBy } = experiment;
    const { verdict, summary, tables } = conclusion;
    return { name, title, claim, refutedBy, verdict, summary, tables, trials: trials.map(({ key }) => key) };
  });
  const lines = [...trials.values()].map((trial) => JSON.stringify(trial)).join(",\n");
  const head = JSON.stringify({ ...where, experiments }, null, 1).replace(/\n}$/, "");
  return `${head},\n "trials": [\n${lines}\n]}\n`;
}
