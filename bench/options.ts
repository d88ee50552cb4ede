import { InputError } from "../scripts/common/command.js";
import { parseArguments, path } from "../scripts/common/options.js";

export const RUNS = [
  "suite",
  "peers",
  "browser",
  "networks",
  "scaling",
  "data",
  "relu",
  "residual",
  "start",
  "tfjs",
  "report",
] as const;
export type RunName = (typeof RUNS)[number];

export interface Options {
  readonly help: boolean;
  readonly run: RunName;
  readonly quick: boolean;
  /** A regular expression; undefined chooses everything. */
  readonly only?: string;
  readonly peers?: string;
  /** The directory of the results, relative to the working directory. */
  readonly out: string;
  /** True for a run of everything at full length into bench/, whose figures are published. */
  readonly full: boolean;
}

export const help = `Measures the kernels, the layer and their competitors, and writes a report.

  npm run bench -- [RUN] [options]

  suite            the cases in Node.js; this is the default
  peers            other libraries, each in its own process
  browser          the suite in Chromium and Firefox
  networks         all batch norms of whole networks
  scaling          time per value against the size of x, and a scan for slow shapes
  data             time of dead, far, tiny, infinite and NaN channels over that of ordinary data; small planes
  relu             the fused ReLU over no activation
  residual         the fused residual and ReLU over both done separately
  start            loading, and the first to the thousandth call of a fresh engine
  tfjs             in TensorFlow.js: one layer, whole networks, gradients of convolutions
  report           measures nothing: writes the published report again from the stored results

  --quick          fewer rounds: quicker, larger spread
  --only PATTERN   only matching cases ("NHWC|^NC"), networks (^LeNet), parts of scaling (cliffs),
                   or cases and kinds of data ("NHWC.*NaN", planes)
  --peers PATTERN  only matching peers ("tfjs|oneDNN"); ours is always measured
  --out DIR        where the results go; bench/ for a full run, out/bench otherwise
  --help           this text
`;

/** Throws InputError for anything that is not as `help` says. */
export function parseOptions(args: readonly string[]): Options {
  const named = args.length > 0 && !args[0].startsWith("-");
  const run = RUNS.find((name) => name === (named ? args[0] : "suite"));
  if (!run) throw new InputError(`expected one of ${RUNS.join(", ")}, got "${args[0]}" (--help lists the options)`);
  const values = parseArguments(named ? args.slice(1) : args, {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    peers: { type: "string" },
    out: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  });
  const { help, quick, only, peers, out } = values;
  if (peers !== undefined && run !== "peers") throw new InputError(`--peers is an option of peers, not of ${run}`);
  const partial = quick || only !== undefined || peers !== undefined;
  return {
    ...{ help, run, quick, only, peers },
    out: out === undefined ? (partial ? "out/bench" : "bench") : path("--out", out),
    full: !partial && out === undefined,
  };
}
