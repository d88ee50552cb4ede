// Puts the lecture's claims to the test and writes a report. `--help` has the options.
import { join, relative } from "node:path";
import { runCommand } from "../scripts/common/command.js";
import { prepareOutput } from "../scripts/common/options.js";
import { experiments } from "./list.js";
import { help, type Options, parseOptions } from "./options.js";
import { type Entry, writeReport } from "./report/report.js";
import { type Data, digest, readData } from "./run/data.js";
import { duration } from "./run/progress.js";
import { type Failure, run } from "./run/runner.js";
import { Store } from "./run/store.js";
import { Tasks } from "./run/tasks.js";
import { scaleOf } from "./scale.js";

async function main(): Promise<void> {
  const names = experiments.map(({ name }) => name);
  const options = parseOptions(process.argv.slice(2), names);
  if (options.help) {
    console.log(help);
    return;
  }
  const data = readData(options.data);
  if (options.list) {
    list(data, options);
    return;
  }
  const report = options.report ?? join(options.out, "results.md");
  prepareOutput("--report", report);
  const store = new Store(join(options.out, "trials"), options.fresh);
  const chosen = experiments.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const scale = scaleOf(options.scale);
  const entries: Entry[] = [];
  const failures = await run({
    experiments: chosen,
    scale: options.scale,
    folder: options.data,
    data,
    store,
    jobs: options.jobs,
    onExperiment({ experiment, outcomes, trials }) {
      const conclusion = experiment.conclude(outcomes, scale);
      entries.push({ number: experiments.indexOf(experiment) + 1, experiment, conclusion, trials });
      return `${experiment.name}: ${conclusion.verdict}. ${conclusion.summary}`;
    },
  });
  entries.sort((a, b) => a.number - b.number);
  await writeReport(report, entries, { data, quick: options.scale.quick });
  const path = relative(process.cwd(), report);
  console.log(`\nReport: ${path.startsWith("..") ? report : path}`);
  complain(failures);
}

function list(data: Data, { scale }: Options): void {
  const tasks = new Tasks(data, digest(data));
  const width = Math.max(...experiments.map(({ name }) => name.length));
  for (const experiment of experiments) {
    const seconds = tasks.of(experiment, scaleOf(scale)).reduce((sum, { cost }) => sum + cost, 0);
    console.log(`${experiment.name.padEnd(width)}  ${experiment.title} (${duration(seconds)} on one core)`);
  }
}

function complain(failures: readonly Failure[]): void {
  for (const { experiment, settings, seed, error } of failures) {
    const trial = settings === undefined ? "'s conclusion" : ` with seed ${seed} and ${JSON.stringify(settings)}`;
    console.error(`${experiment.name}${trial} failed:\n${error.stack}`);
  }
  if (failures.length > 0) process.exitCode = 1;
}

await runCommand(main);
