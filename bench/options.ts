import { parseArgs } from "node:util";

export interface Options {
  readonly quick: boolean;
  /** Takes what matches `--only`. */
  readonly pattern: RegExp;
  /** Directory, relative to the working directory. */
  readonly out: string;
  /** Everything at full length into bench/: a run whose figures are published. */
  readonly full: boolean;
}

/** A mistake on the command line: printed without a stack, exit code 2. */
export class UsageError extends Error {}

/** `script`: the name in package.json. `what`: what `--only` chooses from, in words. */
export function parse(script: string, what: string): Options {
  const usage = `npm run ${script} -- [--quick] [--only PATTERN] [--out DIR]
  --quick         fewer rounds: quicker, larger spread
  --only PATTERN  ${what} whose name matches
  --out DIR       where the results go; bench/ for a full run, out/bench otherwise`;
  const { quick, only, out } = values(usage);
  const partial = quick || only !== undefined;
  return {
    quick,
    pattern: regular(only),
    out: out ?? (partial ? "out/bench" : "bench"),
    full: !partial && out === undefined,
  };
}

function values(usage: string) {
  try {
    return parseArgs({
      options: { quick: { type: "boolean", default: false }, only: { type: "string" }, out: { type: "string" } },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
}

function regular(pattern = ""): RegExp {
  try {
    return new RegExp(pattern, "i");
  } catch {
    throw new UsageError(`"--only" expected a regular expression, got ${pattern}`);
  }
}

/** Those whose name matches `--only`. */
export function choose<Named extends { readonly name: string }>(from: readonly Named[], { pattern }: Options): Named[] {
  const chosen = from.filter(({ name }) => pattern.test(name));
  if (chosen.length > 0) return chosen;
  const names = from.map(({ name }) => name).join("\n  ");
  throw new UsageError(`"--only ${pattern.source}" matches nothing; there are\n  ${names}`);
}

/** Run a command's main function. */
export async function command(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
