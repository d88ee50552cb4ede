import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { SITE } from "../vite.config.js";

/** The budget for the files that a reader loads before anything trains, in gzipped bytes. */
const BUDGET = 80_000;

/**
 * Files that the budget leaves out. A training or a measurement loads some of them, and only browsers without
 * WebAssembly load the kernels in JavaScript. The page never loads the binary with relaxed instructions. A reader loads
 * one language, so the smaller one is left out.
 */
const LATER = /worker|tfjs|\.wasm$|images\.bin$|^fallback-kernels|^relaxed-module|^en-/;

/** Prints the sizes of the page's files. Throws if their sum is over the budget. */
export function checkSize(): void {
  const files = readdirSync(SITE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !LATER.test(entry.name))
    .map(({ parentPath, name }) => ({
      name,
      bytes: gzipSync(readFileSync(join(parentPath, name)), { level: 9 }).length,
    }));
  for (const { name, bytes } of files) console.log(`${name.padEnd(32)} ${bytes} bytes gzipped`);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`${"page, gzipped".padEnd(32)} ${total} bytes of ${BUDGET}`);
  if (total > BUDGET) throw new Error(`the page takes ${total} bytes, more than ${BUDGET}`);
}
