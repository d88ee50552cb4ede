import { tool, toolVersion } from "../install.js";
import { ConsumerError, run } from "../processes.js";
import type { Row } from "../row.js";

/** Their types are a bundler's or a host's affair. */
const BINARY = /\.wasm$/;

export const packageRows: Row[] = [
  {
    consumer: "publint",
    imports: "the tarball",
    does: "no error, warning or suggestion",
    version: () => toolVersion("publint"),
    run: async (workshop) => {
      const args = [tool("publint/src/cli.js"), "run", workshop.tarball, "--strict"];
      const said = await run({ command: process.execPath, args, cwd: workshop.project([]), seconds: 60 });
      if (!said.includes("All good!")) throw new ConsumerError("publint has something to say", said);
    },
  },
  {
    consumer: "Are the types wrong?",
    imports: "the tarball",
    does: "no problem in any entry with code, but that url is a module only; TypeScript's node10, which reads no exports, left out",
    version: () => toolVersion("@arethetypeswrong/cli"),
    run: async (workshop) => {
      const entries = Object.keys(workshop.manifest.exports);
      const args = [tool("@arethetypeswrong/cli/dist/index.js"), workshop.tarball, "--no-definitely-typed"];
      // The entry url is a module only, on purpose: Node.js 20.19 and later can require it.
      const options = [
        "--ignore-rules",
        "cjs-resolves-to-esm",
        "--profile",
        "node16",
        "--format",
        "ascii",
        "--no-emoji",
        "--exclude-entrypoints",
      ];
      const said = await run({
        command: process.execPath,
        args: [...args, ...options, ...entries.filter((entry) => BINARY.test(entry))],
        cwd: workshop.project([]),
        seconds: 60,
      });
      for (const entry of entries.filter((entry) => !BINARY.test(entry))) {
        const name = `"batchnorm-wasm${entry.slice(1)}"`;
        if (!said.includes(name)) throw new ConsumerError(`${name} was not looked at`, said);
      }
    },
  },
];
