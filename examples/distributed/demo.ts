import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { mean, sampleStandardDeviation, sum } from "simple-statistics";
import { InputError } from "../../scripts/common/command.js";
import { prepareOutput } from "../../scripts/common/options.js";
import { missing, runRanks } from "./launch.js";
import { help, type Options, parseOptions } from "./options.js";
import type { Results } from "./train.js";

const PROGRAM = new URL("rank.ts", import.meta.url);

/**
 * Runs ranks with these arguments and returns their measurements, or null if the run failed. The ranks have then
 * printed the reason.
 */
export async function runOnce(options: Options, args: readonly string[]): Promise<Results[] | null> {
  const folder = mkdtempSync(join(tmpdir(), "batchnorm-wasm-demo-"));
  try {
    const { code } = await runRanks(options.engine, options.ranks, PROGRAM, [...args, "--results", folder], (text) => {
      process.stderr.write(text);
    });
    if (code !== 0) return null;
    return Array.from({ length: options.ranks }, (_, rank) => {
      return JSON.parse(readFileSync(join(folder, `${rank}.json`), "utf8"));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `npm run demo -- --ranks N`: throws InputError for a wrong option, or where what carries the sums is missing. */
export async function runDemo(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options.help) {
    console.log(help);
    return;
  }
  const reason = options.ranks > 1 ? missing(options.engine) : null;
  if (reason !== null) throw new InputError(reason);
  prepareOutput("--checkpoint", options.checkpoint);
  mkdirSync(dirname(options.checkpoint), { recursive: true });
  if (options.study) {
    const { study } = await import("./study.js");
    await study(options, args);
    return;
  }
  const results = await runOnce(options, args);
  if (results === null) {
    console.error(`The run failed. Go on from the last checkpoint by the same command with --resume.`);
    process.exitCode = 1;
  } else if (!options.resume && !options.local && options.ranks > 1) {
    await compare(options, args, results);
  }
}

/** The same with one process, and three times more with the rows of each batch in another order, which changes roundings only. */
async function compare(options: Options, args: readonly string[], results: readonly Results[]): Promise<void> {
  const one = async (permute: number) => {
    const alone = ["--ranks", "1", "--permute", `${permute}`, "--checkpoint", `${options.checkpoint}.alone`];
    const runs = await runOnce({ ...options, ranks: 1 }, [...args, ...alone]);
    if (runs === null) throw new Error("one process alone failed");
    return runs[0];
  };
  console.log("\nOne process on the whole batches, then three times with the rows of each batch permuted");
  const whole = await one(0);
  const permuted = [await one(1), await one(2), await one(3)];
  rmSync(`${options.checkpoint}.alone`, { force: true });
  console.log(`\n${comparison(options.ranks, results, whole, permuted)}`);
}

/** The largest difference of the first `steps` losses. */
export function difference(a: Results, b: Results, steps: number): number {
  return Math.max(...a.losses.slice(0, steps).map((loss, i) => Math.abs(loss - b.losses[i])));
}

function comparison(size: number, ranks: readonly Results[], whole: Results, permuted: readonly Results[]): string {
  const [first] = ranks;
  const same = ranks.every(({ losses }) => losses.every((loss, i) => loss === first.losses[i]));
  const steps = Math.min(20, first.losses.length);
  const lines = [
    `losses of all ranks: ${same ? "the same bits" : "DIFFERENT"}`,
    `first ${steps} steps: losses of ${size} processes and of one differ by ${difference(first, whole, steps).toExponential(1)} at most`,
  ];
  const lossOf = ({ epochs }: Results) => epochs.at(-1)?.loss ?? Number.NaN;
  if (first.epochs.length > 0) {
    const [least, most] = expectedRange([whole, ...permuted].map(lossOf));
    lines.push(
      `loss of the last epoch: ${lossOf(first).toFixed(7)}; ` +
        `99 % of runs of one process lie between ${least.toFixed(7)} and ${most.toFixed(7)}`,
    );
    const speed = ({ images, epochs }: Results) =>
      Math.round((images * epochs.length) / sum(epochs.map(({ seconds }) => seconds)));
    lines.push(`images per second: ${speed(first)} with ${size} processes, ${speed(whole)} with one`);
  }
  return lines.join("\n");
}

/** Student's t for 99 % and the 3 degrees of freedom of four values. */
const T = 5.841;

/** Returns the range that contains 99 % of further values, from four values of a normal distribution. */
export function expectedRange(values: readonly number[]): [least: number, most: number] {
  const middle = mean([...values]);
  const reach = T * sampleStandardDeviation([...values]) * Math.sqrt(1 + 1 / values.length);
  return [middle - reach, middle + reach];
}
