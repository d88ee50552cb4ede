import { InputError } from "../../scripts/common/command.js";
import { integer, parseArguments } from "../../scripts/common/options.js";
import { backendNames, type FuzzBackend } from "./backends.js";

export interface Options {
  readonly help: boolean;
  readonly seconds: number;
  readonly seed: number;
  readonly backends: readonly FuzzBackend["name"][];
  /** The case to run. */
  readonly line: string | undefined;
}

export const help = `npm run fuzz -- [options]
  --seconds N       how long; 60 by default
  --seed S          the first seed; by default the clock gives one
  --backend NAME    ${backendNames.join(", ")}; all of them by default
  --case "LINE"     one case, as a failure prints it
  --help            prints this`;

/** Throws InputError for a mistake. */
export function parseOptions(args: readonly string[]): Options {
  const values = parseArguments(args, {
    seconds: { type: "string" },
    seed: { type: "string" },
    backend: { type: "string" },
    case: { type: "string" },
    help: { type: "boolean", default: false },
  });
  const known = backendNames.find((name) => name === values.backend);
  if (values.backend !== undefined && known === undefined) {
    throw new InputError(`--backend expected ${backendNames.join(", ")}, got "${values.backend}"`);
  }
  return {
    help: values.help,
    seconds: integer("--seconds", values.seconds, 60, 1, 1e6),
    seed: integer("--seed", values.seed, Date.now() % 1e9, 0, 2 ** 31 - 1e6),
    backends: known === undefined ? backendNames : [known],
    line: values.case,
  };
}
