import { readFileSync } from "node:fs";
import ts from "typescript";
import { expectStored } from "../expected.js";
import { development, developmentVersion, tool, toolVersion } from "../install.js";
import { run } from "../processes.js";
import { type Row, STEPS } from "../row.js";
import { TFJS_STEPS, tfjsLinks } from "./tfjs.js";

/** Test runners that run each file in a realm of its own, some of whose globals are not those of its WebAssembly. */

const PROGRAMS = ["exercise.mjs", "tfjs-exercise.mjs", "runner.test.mjs"];

/** A program of programs/ as CommonJS, which is what Jest runs without further settings. */
function asCommonJs(program: string): string {
  const text = readFileSync(new URL(`../programs/${program}`, import.meta.url), "utf8").replaceAll(".mjs", ".js");
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}

interface Runner extends Pick<Row, "consumer" | "imports" | "version"> {
  readonly programs: readonly string[];
  readonly files: () => Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

const jest = (environment: string): Runner => ({
  consumer: `Jest, environment ${environment}`,
  imports: "`require`, with TensorFlow.js",
  version: () => toolVersion("jest"),
  programs: [],
  files: () => Object.fromEntries(PROGRAMS.map((name) => [name.replace(".mjs", ".js"), asCommonJs(name)])),
  args: [
    tool("jest/bin/jest.js"),
    ...["--runInBand", "--watchman=false", "--config", JSON.stringify({ transform: {} })],
    `--env=${tool(`jest-environment-${environment}`)}`,
  ],
});

const vitest: Runner = {
  consumer: "Vitest, pool vmThreads",
  imports: "`import`, with TensorFlow.js",
  version: () => developmentVersion("vitest"),
  programs: PROGRAMS,
  files: () => ({}),
  args: [development("vitest/vitest.mjs"), "run", "--pool=vmThreads", "--globals"],
};

export const runnerRows: Row[] = [jest("node"), jest("jsdom"), vitest].map(
  ({ consumer, imports, version, programs, files, args }) => ({
    consumer,
    imports,
    does: `${STEPS}; TensorFlow.js on cpu and wasm: ${TFJS_STEPS}`,
    version,
    run: async (workshop) => {
      const cwd = workshop.project(programs, files(), tfjsLinks);
      const said = await run({ command: process.execPath, args, cwd, seconds: 120 });
      expectStored(said, "core");
      expectStored(said, "tfjs");
    },
  }),
);
