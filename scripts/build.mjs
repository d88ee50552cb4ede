// Builds the package: the kernels (asc), the module that embeds them, the fallback's loops, the bundles, the types. Prints
// the sizes and fails over budget. `--kernels` stops before the bundles, which is all that the tests need.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import asc from "assemblyscript/asc";
import binaryen from "assemblyscript/binaryen";
import { rolldown } from "rolldown";
import { tsImport } from "tsx/esm/api";
import ts from "typescript";

// The download is what counts, so `entry` is the limit. A raw byte of the kernels costs about 0.39 bytes of it.
const BUDGET = { kernels: 23_100, entry: 20_000, fallback: 14_000, loops: 1_200, tfjs: 32_000 };
const root = new URL("../", import.meta.url);
const path = (name) => new URL(name, root);
process.chdir(root.pathname);

async function compileKernels(target) {
  const { error, stderr } = await asc.main(["--config", "asconfig.json", "--target", target]);
  if (error) throw new Error(`asc (${target}): ${error.message}\n${stderr.toString()}`);
}

/** The loops for kernels of TensorFlow.js, a binary of their own. */
async function compileLoops() {
  const args = ["assembly/tfjs/index.ts", "--config", "none", "--outFile", "build/tfjs.wasm", "--runtime", "stub"];
  const more = ["--use", "abort=", "--enable", "simd", "--importMemory", "--noExportMemory", "-O3s", "--noAssert"];
  const { error, stderr } = await asc.main([...args, ...more, "--converge"]);
  if (error) throw new Error(`asc (assembly/tfjs): ${error.message}\n${stderr.toString()}`);
  return readFileSync(path("build/tfjs.wasm"));
}

/**
 * One more pass than asc makes: it leaves functions behind that have one caller, 5 % of the binary. Writes the result over
 * asc's, binary and text.
 */
function inlineOnce(target) {
  const { SIMD128, RelaxedSIMD, BulkMemory, BulkMemoryOpt, SignExt, NontrappingFPToInt } = binaryen.Features;
  const module = binaryen.readBinary(readFileSync(path(`build/${target}.wasm`)));
  // Atomics, for a memory that is shared: the kernels have none.
  module.setFeatures(
    binaryen.Features.Atomics | SIMD128 | RelaxedSIMD | BulkMemory | BulkMemoryOpt | SignExt | NontrappingFPToInt,
  );
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(1);
  binaryen.setOneCallerInlineMaxSize(-1);
  module.runPasses(["inlining-optimizing"]);
  const binary = Buffer.from(module.emitBinary());
  writeFileSync(path(`build/${target}.wasm`), binary);
  writeFileSync(path(`build/${target}.wat`), module.emitText());
  module.dispose();
  return binary;
}

/** As text in a module, for engines that read no file. */
function embed(binary, file) {
  const comment = "/** A binary that assembly/ compiles to, as text for `decode`. Written by scripts/build.mjs. */";
  writeFileSync(path(file), `${comment}\nexport const encoded: string =\n  "${encode(binary)}";\n`);
}

function check(what, bytes, budget) {
  console.log(`${what.padEnd(34)} ${String(bytes).padStart(6)} bytes of ${budget}`);
  if (bytes > budget) throw new Error(`${what}: ${bytes} bytes are over the budget of ${budget}`);
}

async function bundle({ plugins = [], ...input }, options) {
  const build = await rolldown({
    platform: "neutral",
    resolve: { extensionAlias: { ".js": [".ts", ".js"] }, mainFields: ["module", "main"] },
    plugins,
    ...input,
  });
  const { output } = await build.write(options);
  await build.close();
  return output[0].code;
}

/** Imports of other parts are left as they are written, but for the extension: they lie in dist as in src. */
function partImports(parts) {
  return {
    name: "imports of parts",
    resolveId: (id, importer) =>
      id in parts && !importer.includes("node_modules") ? { id: parts[id], external: "relative" } : null,
  };
}

/** What `load` imports when it is asked to, a file each. */
const core = { input: "src/index.ts" };

/** All entries in one build, so that what they share is there once: each class, and the binary. */
const entries = {
  index: "src/index.ts",
  url: "src/url.ts",
  "distributed/index": "src/distributed/index.ts",
  "fallback/index": "src/fallback/index.ts",
  "tfjs/index": "src/tfjs/index.ts",
  "tfjs/layers": "src/tfjs/layers.ts",
};

/** The entries as `dist/*.js` or `dist/*.cjs`, what they share beside them in `dist/shared`. */
async function bundleEntries(format, extension) {
  const names = { entryFileNames: `[name].${extension}`, chunkFileNames: `shared/[name].${extension}` };
  // A script of CommonJS does not know its own address, by which `url` finds the binary. Node.js can require the module.
  const { url, ...scripts } = entries;
  await bundle(
    { input: format === "esm" ? entries : scripts, external: [/^@tensorflow\//] },
    { ...names, format, dir: "dist", sourcemap: true, dynamicImportInCjs: false },
  );
}

/**
 * Files to be served as they are: a module, and a script that makes the global `batchnormWasm`. Checks their sizes. No bundler
 * reads them, so they have no notes for one.
 */
async function standalone() {
  const options = { dir: "dist", sourcemap: true, minify: true, comments: false, chunkFileNames: "[name].min.js" };
  const module = await bundle(core, { ...options, format: "esm", entryFileNames: "batchnorm-wasm.min.js" });
  // A script cannot be split, but it can import the module's other parts.
  const parts = {
    "./relaxed-module.js": "./relaxed-module.min.js",
    "./fallback/fallback-kernels.js": "./fallback-kernels.min.js",
  };
  const script = await bundle(
    { ...core, plugins: [partImports(parts)] },
    { ...options, format: "iife", name: "batchnormWasm", entryFileNames: "batchnorm-wasm.global.min.js" },
  );
  const javascript = readFileSync(path("dist/fallback-kernels.min.js"));
  const [entry, global, kernels] = [module, script, javascript].map((code) => gzipSync(code, { level: 9 }).length);
  check("module, minified and gzipped", entry, BUDGET.entry);
  check("script, minified and gzipped", global, BUDGET.entry);
  check("fallback, minified and gzipped", kernels, BUDGET.fallback);
  return entry;
}

/**
 * A script over the global `tf`, for pages and classic workers: it makes the global `batchnormWasmTfjs`, and has the kernels
 * inside. Checks its size.
 */
async function standaloneTfjs() {
  const file = "batchnorm-wasm-tfjs.global.min.js";
  const remedy = `${file} needs the global "tf": load tf.min.js of @tensorflow/tfjs before it`;
  const script = await bundle(
    {
      input: "src/tfjs/index.ts",
      external: [/^@tensorflow\//],
      plugins: [partImports({ "../fallback/fallback-kernels.js": "./fallback-kernels.min.js" })],
    },
    {
      dir: "dist",
      sourcemap: true,
      minify: true,
      format: "iife",
      name: "batchnormWasmTfjs",
      globals: () => "tf",
      banner: `if (typeof tf === "undefined") throw new Error(${JSON.stringify(remedy)});`,
      entryFileNames: file,
    },
  );
  check("script for TensorFlow.js, gzipped", gzipSync(script, { level: 9 }).length, BUDGET.tfjs);
}

function declarations() {
  const program = ts.createProgram(Object.values(entries), {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
    types: [],
    strict: true,
    skipLibCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: "src",
    outDir: "dist",
  });
  const problems = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  if (problems.length > 0) {
    throw new Error(
      ts.formatDiagnostics(problems, {
        getCurrentDirectory: () => ".",
        getCanonicalFileName: (n) => n,
        getNewLine: () => "\n",
      }),
    );
  }
  // CommonJS consumers need declarations of their own: the same text, under the names that their resolution looks for.
  for (const name of readdirSync("dist", { recursive: true }).filter((name) => name.endsWith(".d.ts"))) {
    const text = readFileSync(`dist/${name}`, "utf8").replaceAll(/(from "\.\.?\/[\w/-]+)\.js"/g, '$1.cjs"');
    writeFileSync(`dist/${name.replace(/\.d\.ts$/, ".d.cts")}`, text);
  }
}

const { encode } = await tsImport("./encode.ts", import.meta.url);
mkdirSync(path("build"), { recursive: true });
// One after the other: binaryen keeps its options in globals, and together the sizes differ from run to run.
for (const target of ["release", "shared", "relaxed", "debug"]) await compileKernels(target);
const binary = inlineOnce("release");
inlineOnce("shared");
const relaxed = inlineOnce("relaxed");
embed(binary, "src/module.ts");
embed(relaxed, "src/relaxed-module.ts");
embed(readFileSync(path("build/debug.wasm")), "build/debug-module.ts");
const { fallbackLoops } = await tsImport("./loops/fallback.ts", import.meta.url);
writeFileSync(path("src/fallback/loops.ts"), fallbackLoops());
const loops = await compileLoops();
embed(loops, "src/tfjs/kernels/binary.ts");
check("loops for TensorFlow.js, raw", loops.length, BUDGET.loops);
check("kernels, raw", binary.length, BUDGET.kernels);
check("kernels, relaxed", relaxed.length, BUDGET.kernels);

if (!process.argv.includes("--kernels")) {
  rmSync(path("dist"), { recursive: true, force: true });
  await bundleEntries("esm", "js");
  await bundleEntries("cjs", "cjs");
  declarations();
  copyFileSync(path("build/release.wasm"), path("dist/batchnorm.wasm"));
  copyFileSync(path("build/shared.wasm"), path("dist/batchnorm-shared.wasm"));
  copyFileSync(path("build/relaxed.wasm"), path("dist/batchnorm-relaxed.wasm"));
  const entry = await standalone();
  await standaloneTfjs();
  writeFileSync(path("build/sizes.json"), JSON.stringify({ kernels: binary.length, entry }));
}
