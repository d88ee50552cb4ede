import { parseArgs } from "node:util";
import { CASES, type Case } from "../cases.js";
import { UsageError } from "../options.js";
import { PEERS, type Peer } from "./peers.js";

const USAGE = `npm run bench:peers -- [--quick] [--only PATTERN] [--peers PATTERN] [--out DIR]
  --quick           fewer rounds: quicker, larger spread
  --only PATTERN    cases whose name matches, e.g. NHWC, 56x56, "^NC "
  --peers PATTERN   peers whose name matches, e.g. tfjs, "PyTorch|oneDNN"; ours is always there
  --out DIR         where the results go; bench/ for a full run, out/bench otherwise`;

export interface Options {
  readonly quick: boolean;
  readonly cases: readonly Case[];
  readonly peers: readonly Peer[];
  /** Directory, relative to the working directory. */
  readonly out: string;
  /** Everything at full length into bench/: a run whose figures are published. */
  readonly full: boolean;
}

export function parse(args: string[]): Options {
  const { quick, only, peers, out } = values(args);
  const partial = quick || only !== undefined || peers !== undefined;
  return {
    quick,
    cases: matching("--only", only, CASES, "cases"),
    peers: [PEERS[0], ...matching("--peers", peers, PEERS.slice(1), "peers")],
    out: out ?? (partial ? "out/bench" : "bench"),
    full: !partial && out === undefined,
  };
}

function values(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        quick: { type: "boolean", default: false },
        only: { type: "string" },
        peers: { type: "string" },
        out: { type: "string" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`);
  }
}

function matching<Named extends { readonly name: string }>(
  flag: string,
  pattern: string | undefined,
  all: readonly Named[],
  what: string,
): readonly Named[] {
  let regular: RegExp;
  try {
    regular = new RegExp(pattern ?? "", "i");
  } catch {
    throw new UsageError(`"${flag}" expected a regular expression, got ${pattern}`);
  }
  const found = all.filter(({ name }) => regular.test(name));
  if (found.length > 0) return found;
  throw new UsageError(
    `"${flag} ${pattern}" matches none; the ${what} are\n  ${all.map(({ name }) => name).join("\n  ")}`,
  );
}
