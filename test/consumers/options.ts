import { existsSync } from "node:fs";
import { InputError } from "../../scripts/common/command.js";
import { parseArguments } from "../../scripts/common/options.js";

export const help = "npm run test:consumers -- [--only PATTERN] [--list] [--require] [--tarball FILE] [--out FILE]";

export interface Options {
  readonly help: boolean;
  readonly only?: string;
  readonly list: boolean;
  /** What the machine lacks is a failure. */
  readonly require: boolean;
  readonly tarball?: string;
  /** Where the table of a full run goes. */
  readonly out: string;
}

export function parse(): Options {
  const values = parseArguments(process.argv.slice(2), {
    only: { type: "string" },
    list: { type: "boolean", default: false },
    require: { type: "boolean", default: Boolean(process.env.CI) },
    tarball: { type: "string" },
    out: { type: "string", default: "docs/consumers.md" },
    help: { type: "boolean", default: false },
  });
  const { tarball } = values;
  if (tarball !== undefined && !existsSync(tarball)) throw new InputError(`--tarball expected a file, got ${tarball}`);
  return values;
}
