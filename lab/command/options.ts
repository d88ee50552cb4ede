import { integer, parseArguments } from "../../scripts/common/options.js";

const HELP = `npm run lab               the page, on loopback: prints its address, until it is ended
npm run lab -- --build    the page as files for any host, in build/lab/site
  --port N   of the page on loopback (5173, or the next that is free)
  --help     this text`;

export interface LabOptions {
  readonly build: boolean;
  readonly port: number | undefined;
}

/** null: the help was asked for, and has been printed. Throws InputError. */
export function labOptions(args: readonly string[]): LabOptions | null {
  const { build, port, help } = parseArguments(args, {
    build: { type: "boolean", default: false },
    port: { type: "string" },
    help: { type: "boolean", default: false },
  });
  if (help) {
    console.log(HELP);
    return null;
  }
  return { build, port: port === undefined ? undefined : integer("--port", port, 0, 0, 65535) };
}
