import { execFileSync } from "node:child_process";
import { expectStored } from "../expected.js";
import { tool } from "../install.js";
import { type Row, STEPS } from "../row.js";
import type { Workshop } from "../workshop.js";

const WAYS = [
  { imports: "`import`", program: "import.mjs" },
  { imports: "`require`", program: "require.cjs" },
  { imports: "`import` beside `require` and `batchnorm-wasm/url`", program: "mixed.mjs" },
];

/** The version of this process: the oldest that the package supports, where CI runs. */
const OWN = 20;

export const nodes = [
  { major: OWN, executable: process.execPath },
  ...[22, 24, 26].map((major) => ({ major, executable: tool(`node${major}/bin/node`) })),
];

export function missing(major: number) {
  if (major !== OWN || process.version.startsWith(`v${OWN}.`)) return null;
  return { reason: `this is Node.js ${process.version.slice(1)}`, demanded: true };
}

export const version = (executable: string) =>
  execFileSync(executable, ["--version"], { encoding: "utf8" }).trim().slice(1);

export const nodeRows: Row[] = [
  ...nodes.flatMap(({ major, executable }) =>
    WAYS.map(({ imports, program }) => ({
      consumer: `Node.js ${major}`,
      imports,
      does: STEPS,
      version: () => version(executable),
      missing: () => missing(major),
      run: async (workshop: Workshop) =>
        expectStored(await workshop.execute(executable, [program], ["exercise.mjs", program]), "core"),
    })),
  ),
  {
    consumer: "Node.js 24, frozen intrinsics",
    imports: "`import`",
    does: STEPS,
    version: () => version(tool("node24/bin/node")),
    run: async (workshop) => {
      const args = ["--frozen-intrinsics", "import.mjs"];
      expectStored(await workshop.execute(tool("node24/bin/node"), args, ["exercise.mjs", "import.mjs"]), "core");
    },
  },
];
