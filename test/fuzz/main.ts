// Runs random cases until the seconds are over, or the first failure. `--help` has the options.
import { runCommand } from "../../scripts/common/command.js";
import { backendOf, type FuzzBackend } from "./backends.js";
import { command, explore, type Failure, kinds, runLine } from "./explore.js";
import { help, type Options, parseOptions } from "./options.js";

/** Cases of one kind at a time; a few seconds at most. */
const RUNS = 100;
const PROGRESS_MILLISECONDS = 5000;

function report(failure: Failure): void {
  console.error(`${failure.message}\n${command(failure)}`);
  process.exitCode = 1;
}

function runCase(line: string, backends: readonly FuzzBackend[]): void {
  for (const backend of backends) {
    const progress = { cases: 0, values: 0 };
    const failure = runLine(line, backend, progress);
    if (failure) report(failure);
    else console.log(`${backend.name}: no failure, ${progress.values} values compared`);
  }
}

function runRandom({ seconds, seed: first }: Options, backends: readonly FuzzBackend[]): void {
  const end = performance.now() + 1000 * seconds;
  const progress = { cases: 0, values: 0 };
  let seed = first;
  let next = 0;
  const say = () => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    const values = (progress.values / 1e6).toFixed(1);
    console.log(`${progress.cases} cases, ${values} million values compared, ${left} s left, seed ${seed}`);
  };
  while (performance.now() < end) {
    for (const backend of backends) {
      for (const kind of kinds) {
        if (performance.now() > end) break;
        const failure = explore(kind, backend, seed, RUNS, progress);
        if (failure) {
          say();
          report(failure);
          return;
        }
        if (performance.now() < next) continue;
        next = performance.now() + PROGRESS_MILLISECONDS;
        say();
      }
    }
    seed++;
  }
  say();
}

await runCommand(async () => {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    console.log(help);
    return;
  }
  const backends = options.backends.map(backendOf);
  if (options.line === undefined) runRandom(options, backends);
  else runCase(options.line, backends);
});
