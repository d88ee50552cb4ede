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
 * Compiles memory-bound/assembly. The compiler runs in a process of its own, because it grows WebAssembly memories. A
 * memory that grows detaches its ArrayBuffer, and V8 then checks every typed array access of the process. That would
 * make the pure JavaScript rows 15 to 35 % slower.
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
