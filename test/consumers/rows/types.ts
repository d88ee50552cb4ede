import { readFileSync } from "node:fs";
import { development, developmentVersion, tool } from "../install.js";
import { run } from "../processes.js";
import type { Row } from "../row.js";

const source = (name: string) => readFileSync(new URL(`../programs/${name}.ts`, import.meta.url), "utf8");

const RESOLUTIONS = [
  { resolution: "bundler", module: "esnext", extensions: ["ts"] },
  { resolution: "node16", module: "node16", extensions: ["mts", "cts"] },
  { resolution: "nodenext", module: "nodenext", extensions: ["mts", "cts"] },
];

interface Entry extends Pick<Row, "imports" | "does"> {
  readonly program: string;
  readonly links: Readonly<Record<string, string>>;
  readonly options: readonly string[];
}

const ENTRIES: readonly Entry[] = [
  {
    program: "typed",
    imports: "types",
    does: "strict, and wrong calls are refused",
    links: {},
    options: ["--skipDefaultLibCheck"],
  },
  {
    program: "typed-tfjs",
    imports: "types of `batchnorm-wasm/tfjs`",
    does: "strict with skipLibCheck, which the types of TensorFlow.js need, and wrong calls are refused",
    links: { "@tensorflow": tool("@tensorflow") },
    options: ["--skipLibCheck"],
  },
];

export const typeRows: Row[] = RESOLUTIONS.flatMap(({ resolution, module, extensions }) =>
  ENTRIES.map(({ program, imports, does, links, options }) => ({
    consumer: `TypeScript, moduleResolution ${resolution}`,
    imports,
    does,
    version: () => developmentVersion("typescript"),
    run: async (workshop) => {
      const files = Object.fromEntries(extensions.map((extension) => [`typed.${extension}`, source(program)]));
      const strict = ["--noEmit", "--strict", "--target", "es2022", "--module", module];
      const args = [...strict, "--moduleResolution", resolution, ...options, ...Object.keys(files)];
      await run({
        command: process.execPath,
        args: [development("typescript/bin/tsc"), ...args],
        cwd: workshop.project([], files, links),
        seconds: 120,
      });
    },
  })),
);
