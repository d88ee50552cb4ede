import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { dataFolder } from "../examples/common/fashion-mnist.js";
import { InputError } from "../scripts/common/command.js";
import { integer, parseArguments, path } from "../scripts/common/options.js";
import type { ScaleOptions } from "./scale.js";

export interface Options {
  readonly help: boolean;
  readonly list: boolean;
  /** Names of experiments; empty: all. */
  readonly only: readonly string[];
  readonly scale: ScaleOptions;
  readonly data: string;
  readonly out: string;
  /** The file of the report; null for one in `out`. */
  readonly report: string | null;
  readonly jobs: number | null;
  readonly fresh: boolean;
}

const out = fileURLToPath(new URL("../out/lecture", import.meta.url));

export const help = `Puts the claims of the lecture on batch normalization to the test, and writes a report.

  npm run lecture -- [options]

  --quick        fewer epochs and seeds: all of it within 5 minutes on two cores; says less
  --only NAME    one experiment, or several with commas between (--list has the names)
  --list         the experiments, and how long they take
  --seeds N      seeds of every training, in place of each experiment's own number
  --data DIR     folder with the four original Fashion-MNIST files (*-ubyte.gz): 60,000 images to train, 10,000 to test.
                 Without it: the first 10,000 and 2,000 of them, which come with the repository
  --out DIR      where finished trials are kept, from which a run goes on that was interrupted (out/lecture)
  --report FILE  the report, with its charts and results.json in a folder of its name (DIR/results.md)
  --jobs N       trials at the same time (as many as the machine has processors)
  --fresh        forgets the finished trials in DIR
  --help         this text
`;

/** Throws InputError for anything that is not as `help` says, or an experiment that is not in `names`. */
export function parseOptions(args: readonly string[], names: readonly string[]): Options {
  const values = parseArguments(args, {
    quick: { type: "boolean" },
    only: { type: "string", multiple: true },
    list: { type: "boolean" },
    seeds: { type: "string" },
    data: { type: "string" },
    out: { type: "string" },
    report: { type: "string" },
    jobs: { type: "string" },
    fresh: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  const only = (values.only ?? []).flatMap((list) => list.split(",")).map((name) => name.trim());
  for (const name of only) {
    if (!names.includes(name)) throw new InputError(`--only expected one of ${names.join(", ")}, got "${name}"`);
  }
  const count = (name: string, text: string | undefined, most: number) =>
    text === undefined ? null : integer(name, text, 0, 1, most);
  return {
    help: values.help ?? false,
    list: values.list ?? false,
    only,
    scale: { quick: values.quick ?? false, seeds: count("--seeds", values.seeds, 100) },
    data: values.data === undefined ? dataFolder : path("--data", values.data),
    out: values.out === undefined ? out : resolve(path("--out", values.out)),
    report: values.report === undefined ? null : resolve(path("--report", values.report)),
    jobs: count("--jobs", values.jobs, 256),
    fresh: values.fresh ?? false,
  };
}
