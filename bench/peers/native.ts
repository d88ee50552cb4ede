import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/**
 * Compiles native/NAME.cpp for this processor. If that fails, returns the reason and the Debian packages that it needs.
 */
export function buildNative(
  name: string,
  libraries: readonly string[],
  packages: string,
): { readonly file: string } | { readonly absent: string } {
  mkdirSync(path("../../build/peers/"), { recursive: true });
  const file = path(`../../build/peers/${name}`);
  const flags = ["-std=c++17", "-O3", "-march=native", "-Wall", "-Wextra"];
  const args = [...flags, path(`native/${name}.cpp`), "-o", file, ...libraries];
  const { error, status, stderr } = spawnSync("g++", args, { encoding: "utf8" });
  if (error) return { absent: `no compiler g++: apt-get install ${packages}` };
  if (status === 0) return { file };
  const line = stderr.split("\n").find((text) => text.includes("error")) ?? stderr.split("\n")[0];
  return { absent: `${name}.cpp did not compile (it needs ${packages}): ${line}` };
}
