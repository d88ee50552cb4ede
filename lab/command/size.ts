import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { SITE } from "../vite.config.js";

/** Gzipped: what a reader loads before anything trains. */
const BUDGET = 80_000;

/**
 * What only a training or a measurement loads; only a browser without WebAssembly (the kernels in JavaScript); nothing here (the
 * binary with relaxed instructions, which `load` imports on request); and of the two languages the smaller, because a
 * reader loads one.
 */
const LATER = /worker|tfjs|\.wasm$|images\.bin$|^fallback-kernels|^relaxed-module|^en-/;

/** Prints the size of what the page consists of. Throws where that is over the budget. */
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
