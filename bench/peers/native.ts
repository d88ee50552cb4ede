import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCES = new URL("native/", import.meta.url);
const BUILD = new URL("../../build/peers/", import.meta.url);
const COMPILERS: Readonly<Record<string, readonly string[]>> = {
  ".c": ["gcc", "-std=gnu11"],
  ".cpp": ["g++", "-std=c++17"],
};
const FLAGS = ["-O3", "-march=native", "-fno-math-errno", "-Wall", "-Wextra"];

/** Compile files of native/ for the processor at hand; where that fails, why, and the Debian packages that it needs. */
export function buildNative(
  sources: readonly string[],
  libraries: readonly string[],
  packages: string,
): { readonly file: string } | { readonly absent: string } {
  mkdirSync(BUILD, { recursive: true });
  const [main] = sources;
  const file = fileURLToPath(new URL(basename(main, extname(main)), BUILD));
  const [compiler, standard] = COMPILERS[extname(main)];
  const args = [standard, ...FLAGS, ...sources, "-o", file, ...libraries];
  const { error, status, stderr } = spawnSync(compiler, args, { cwd: fileURLToPath(SOURCES), encoding: "utf8" });
  if (error) return { absent: `no compiler ${compiler}: apt-get install ${packages}` };
  if (status === 0) return { file };
  const line = stderr.split("\n").find((text) => text.includes("error")) ?? stderr.split("\n")[0];
  return { absent: `${main} did not compile (it needs ${packages}): ${line}` };
}
