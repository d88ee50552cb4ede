import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { developmentVersion, tool, toolVersion } from "../install.js";
import { ConsumerError, run } from "../processes.js";
import type { Row } from "../row.js";
import { serveFiles } from "../static-server.js";
import { inBrowsers, webkit } from "../visit.js";
import type { Workshop } from "../workshop.js";
import { html, importMap } from "./html.js";

/** `using`, compiled for engines that do not know it and have no Symbol.dispose: Safari's, and a Node.js that hides it. */

interface Compiler {
  readonly name: string;
  readonly version: () => string;
  readonly imports: string;
  readonly compile: (source: string) => string;
}

const require = createRequire(import.meta.url);

const babel: Compiler = {
  name: "Babel",
  version: () => toolVersion("@babel/core"),
  imports: "`using`",
  compile(source) {
    const plugins = [tool("@babel/plugin-transform-explicit-resource-management")];
    return require(tool("@babel/core")).transformSync(source, { plugins, configFile: false, babelrc: false }).code;
  },
};

const esbuild: Compiler = {
  name: "esbuild",
  version: () => toolVersion("esbuild"),
  imports: "`using`, target safari17",
  compile: (source) =>
    require(tool("esbuild")).transformSync(source, { target: "safari17", supported: { using: false } }).code,
};

/** What TypeScript compiles takes nothing but Symbol.dispose, which the program then has to make. Imports run before it. */
const POLYFILL =
  'Symbol.dispose ??= Symbol.for("Symbol.dispose"); Symbol.asyncDispose ??= Symbol.for("Symbol.asyncDispose");';

const typescript: Compiler = {
  name: "TypeScript",
  version: () => developmentVersion("typescript"),
  imports: '`using`, target es2022, after `Symbol.dispose ??= Symbol.for("Symbol.dispose")`',
  compile(source) {
    const compilerOptions = { target: "es2022", module: "esnext" };
    return require("typescript").transpileModule(`${POLYFILL}\n${source}`, { compilerOptions }).outputText;
  },
};

const DOES = "tensors, a layer, statistics and sums give their memory back at the end of the block";

function check(said: string): void {
  const [, outcome = "none"] = /^OUTCOME (.*)$/m.exec(said) ?? [];
  const want = JSON.stringify({ native: false, held: true, left: 0 });
  if (outcome !== want) throw new ConsumerError(`expected ${want}, got ${outcome}`, said);
}

/** A project with the compiled program. */
function projectOf(workshop: Workshop, { name, compile }: Compiler): string {
  const source = readFileSync(new URL("../programs/using.mjs", import.meta.url), "utf8");
  const compiled = compile(source);
  if (/\busing \w+ =/.test(compiled)) throw new ConsumerError(`${name} left \`using\` in place`, compiled);
  const modules = ["no-dispose.mjs", "compiled.mjs"].map((file) => `<script type="module" src="./${file}"></script>`);
  const page = html([`<script type="importmap">${importMap(workshop)}</script>`, ...modules].join("\n"));
  return workshop.project(["no-dispose.mjs"], { "compiled.mjs": compiled, "index.html": page });
}

const inNode = (compiler: Compiler): Row => ({
  consumer: `${compiler.name}, in Node.js 20 without Symbol.dispose`,
  imports: compiler.imports,
  does: DOES,
  version: () => `${compiler.version()}, ${process.version.slice(1)}`,
  run: async (workshop) => {
    const args = ["--import", "./no-dispose.mjs", "compiled.mjs"];
    const cwd = projectOf(workshop, compiler);
    check(await run({ command: process.execPath, args, cwd, seconds: 60 }));
  },
});

export const usingRows: Row[] = [babel, esbuild, typescript].flatMap((compiler) => [
  inNode(compiler),
  ...inBrowsers(
    {
      consumer: compiler.name,
      tool: compiler.version,
      imports: compiler.imports,
      does: DOES,
      open: async (workshop) => serveFiles(projectOf(workshop, compiler)),
      check,
    },
    [webkit],
  ),
]);
