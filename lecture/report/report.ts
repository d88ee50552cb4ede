import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { svg } from "../../scripts/common/chart.js";
import { jsonLines } from "../../scripts/common/json.js";
import { header, NODE } from "../../scripts/common/machine.js";
import type { Conclusion, Experiment } from "../experiment.js";
import type { Kept } from "../run/store.js";
import { type About, markdown } from "./markdown.js";

/** Lists of results.json whose elements have a line each. */
const LISTS = new Set(["experiments", "trials"]);

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
      writeFileSync(join(folder, `${experiment.name}-${name}.svg`), await svg(spec));
    }
  }
  const seconds = [...distinct(entries).values()].reduce((sum, trial) => sum + trial.seconds, 0);
  const where = header("lecture", about.quick, NODE, Date.now() - 1000 * seconds);
  writeFileSync(join(folder, "results.json"), results(entries, where));
  writeFileSync(file, markdown(entries, about, where, basename(folder)));
}

/** Returns the trials by their keys, because experiments share trials. */
function distinct(entries: readonly Entry[]): Map<string, Kept> {
  return new Map(entries.flatMap(({ trials }) => trials.map((trial) => [trial.key, trial])));
}

/** The conclusions with the keys of their trials, and the trials. */
function results(entries: readonly Entry[], where: object): string {
  const experiments = entries.map(({ experiment, conclusion, trials }) => {
    const { name, title, claim, refutedBy } = experiment;
    const { verdict, summary, tables } = conclusion;
    return { name, title, claim, refutedBy, verdict, summary, tables, trials: trials.map(({ key }) => key) };
  });
  return jsonLines({ ...where, experiments, trials: [...distinct(entries).values()] }, LISTS);
}
