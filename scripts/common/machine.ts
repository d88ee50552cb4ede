import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";

/** Where, when and on what the results of a run were measured. */
export interface Header {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly system: string;
  readonly engine: string;
  readonly quick: boolean;
  readonly seconds: number;
}

function git(...args: string[]): string | null {
  const { status, stdout } = spawnSync("git", args, { encoding: "utf8", cwd: new URL("../../", import.meta.url) });
  return status === 0 ? stdout.trim() : null;
}

/** The commit, and whether any of `paths` differs from it. */
export function commit(...paths: string[]): string {
  const hash = git("rev-parse", "--short=10", "HEAD");
  if (!hash) return "none";
  return git("status", "--porcelain", "--", ...paths) ? `${hash} with changes` : hash;
}

export const NODE = `Node.js ${process.versions.node}, V8 ${process.versions.v8}`;

/** A run of the programs in `folder` that began at `began` (Date.now()) and is over now. It names no host and no directory. */
export function header(folder: string, quick: boolean, engine: string, began: number): Header {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit("assembly", "src", folder, `:!${folder}/results*`),
    machine: `${processors[0]?.model.trim() ?? "unknown processor"}, ${processors.length} logical processors`,
    system: `${process.platform} ${process.arch}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    engine,
    quick,
    seconds: Math.round((Date.now() - began) / 1000),
  };
}
