import { parseArgs } from "node:util";
import { CASES, type Case } from "./cases.js";

const USAGE = `npm run bench -- [--quick] [--only PATTERN] [--out DIR]
  --quick         fewer rounds: quicker, larger spread
  --only PATTERN  cases whose name matches, e.g. NHWC, 56x56, "^NC "
  --out DIR       where results.json, results.md and results.svg go; bench/ for a full run, out/bench otherwise`;

export interface Options {
  readonly quick: boolean;
  readonly cases: readonly Case[];
  /** Directory, relative to the working directory. */
  readonly out: string;
  /** All cases at full length into bench/: the run that the README's table is made of. */
  readonly full: boolean;
}

/** A mistake on the command line: printed without a stack, exit code 2. */
export class UsageError extends Error {}

export function parse(args: string[]): Options {
  const { quick, only, out } = values(args);
  const pattern = regular(only);
  const cases = CASES.filter(({ name }) => pattern.test(name));
  if (cases.length === 0) {
    throw new UsageError(`"--only ${only}" matches no case; the cases are\n  ${CASES.map((c) => c.name).join("\n  ")}`);
  }
  const partial = quick || only !== undefined;
  return { quick, cases, out: out ?? (partial ? "out/bench" : "bench"), full: !partial && out === undefined };
}

function values(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: { quick: { type: "boolean", default: false }, only: { type: "string" }, out: { type: "string" } },
    });
    return values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`);
  }
}

function regular(pattern = ""): RegExp {
  try {
    return new RegExp(pattern, "i");
  } catch {
    throw new UsageError(`"--only" expected a regular expression, got ${pattern}`);
  }
}
