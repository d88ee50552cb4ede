// Runs one of the benchmarks, or writes their report. `--help` has the runs and their options.
import { runCommand } from "../scripts/common/command.js";
import { help, parseOptions } from "./options.js";
import { renderPublished } from "./report/index.js";
import { execute, type Run } from "./run.js";

await runCommand(async () => {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    console.log(help);
  } else if (options.run === "report") {
    await renderPublished();
  } else {
    // Imports no other run, because the modules of another run may slow JavaScript down (fairness.ts).
    const { run }: { run: Run } = await import(`./${options.run}/run.js`);
    await execute(run, options);
  }
});
