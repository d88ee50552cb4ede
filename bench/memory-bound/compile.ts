import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);
const SOURCE = "bench/memory-bound/assembly/index.ts";
const BINARY = "build/memory-bound.wasm";
// asc reads asconfig.json of its working directory unless --config names another file; none.json does not exist
const OPTIONS =
  "--config none.json --runtime stub --use abort= --enable simd --importMemory -O3 --converge --noAssert".split(" ");

/**
 * The binary of memory-bound/assembly. The compiler runs in a process of its own: it grows WebAssembly memories, and once an
 * ArrayBuffer has been detached V8 checks every typed array access of the process, which would slow the pure JavaScript
 * rows by 15 to 35 %.
 */
export function compileMemoryBound(): Buffer<ArrayBuffer> {
  mkdirSync(new URL("build/", ROOT), { recursive: true });
  const compiler = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
  const { status, stderr } = spawnSync(process.execPath, [compiler, SOURCE, "-o", BINARY, ...OPTIONS], {
    cwd: fileURLToPath(ROOT),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`asc failed on ${SOURCE}\n${stderr}`);
  return readFileSync(new URL(BINARY, ROOT)) as Buffer<ArrayBuffer>;
}
