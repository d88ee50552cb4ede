import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { UsageError } from "../../bench/options.js";

export interface Options {
  readonly only: RegExp | null;
  readonly list: boolean;
  /** What the machine lacks is a failure. */
  readonly require: boolean;
  readonly tarball?: string;
  /** Where the table of a full run goes. */
  readonly out: string;
}

export function parse(): Options {
  const { only, list, require, tarball, out } = values();
  if (tarball !== undefined && !existsSync(tarball))
    throw new UsageError(`"--tarball" expected a file, got ${tarball}`);
  return { only: only === undefined ? null : regular(only), list, require, tarball, out };
}

function values() {
  try {
    return parseArgs({
      options: {
        only: { type: "string" },
        list: { type: "boolean", default: false },
        require: { type: "boolean", default: Boolean(process.env.CI) },
        tarball: { type: "string" },
        out: { type: "string", default: "docs/consumers.md" },
      },
    }).values;
  } catch (error) {
    const usage = "[--only PATTERN] [--list] [--require] [--tarball FILE] [--out FILE]";
    throw new UsageError(`${(error as Error).message.split("\n")[0]} (npm run test:consumers -- ${usage})`);
  }
}

function regular(only: string): RegExp {
  try {
    return new RegExp(only, "i");
  } catch {
    throw new UsageError(`"--only" expected a regular expression, got ${only}`);
  }
}
