import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import type { Header } from "./results.js";

function git(...args: string[]): string | null {
  const { status, stdout } = spawnSync("git", args, { encoding: "utf8", cwd: new URL(".", import.meta.url) });
  return status === 0 ? stdout.trim() : null;
}

function commit(): string {
  const hash = git("rev-parse", "--short=10", "HEAD");
  if (!hash) return "none";
  return git("status", "--porcelain", "--", "../assembly", "../src", ".", ":!results.*")
    ? `${hash} with changes`
    : hash;
}

/** Where and on what the benchmark runs, without names of hosts or directories. */
export function machine(): Pick<Header, "date" | "commit" | "machine" | "system" | "engine"> {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    machine: `${processors[0]?.model.trim() ?? "unknown processor"}, ${processors.length} logical processors`,
    system: `${process.platform} ${process.arch}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    engine: `Node.js ${process.versions.node}, V8 ${process.versions.v8}`,
  };
}
