import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { missingRedis, startRedis } from "./redis-server.js";

/** The service that adds up the sums of all ranks. */
export type Engine = "mpi" | "redis";
export const ENGINES: readonly Engine[] = ["mpi", "redis"];

/** If an engine is missing, returns a message that says how to install it; else null. */
export function missing(engine: Engine): string | null {
  if (engine === "redis") return missingRedis();
  const { error, status } = spawnSync("mpirun", ["--version"], { stdio: "ignore" });
  if (!error && status === 0) return null;
  return "mpirun was not found: install Open MPI (Debian and Ubuntu: apt-get install openmpi-bin; macOS: brew install open-mpi)";
}

/** The exit of a run of ranks, and its output on standard error. */
export interface Ending {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs a program in TypeScript with the given number of ranks. `onError` gets each piece of standard error. */
export function runRanks(
  engine: Engine,
  ranks: number,
  program: URL,
  args: readonly string[],
  onError: (text: string) => void = () => {},
): Promise<Ending> {
  const command = [process.execPath, "--import", "tsx", fileURLToPath(program), ...args];
  if (ranks === 1) return ended(spawn(command[0], command.slice(1), { stdio: ["ignore", "inherit", "pipe"] }), onError);
  return engine === "mpi" ? overMpi(ranks, command, onError) : overRedis(ranks, command, onError);
}

/**
 * These options allow more ranks than processors: a waiting rank then yields its processor. Root, for example in a
 * container, must allow mpirun to run.
 */
function overMpi(ranks: number, command: readonly string[], onError: (text: string) => void): Promise<Ending> {
  const options = ["-n", `${ranks}`, "--oversubscribe", "--mca", "mpi_yield_when_idle", "1"];
  if (process.getuid?.() === 0) options.push("--allow-run-as-root");
  return ended(spawn("mpirun", [...options, ...command], { stdio: ["ignore", "inherit", "pipe"] }), onError);
}

/** Runs a server during the run. If a rank fails, it ends the others, as mpirun does. */
async function overRedis(ranks: number, [node, ...args]: readonly string[], onError: (text: string) => void) {
  const server = await startRedis();
  const environment = {
    ...process.env,
    REDIS_URL: server.url,
    REDIS_PASSWORD: server.password,
    RUN: randomBytes(16).toString("hex"),
    SIZE: `${ranks}`,
  };
  let stderr = "";
  const say = (text: string) => {
    stderr += text;
    onError(text);
  };
  const children = Array.from({ length: ranks }, (_, rank) =>
    spawn(node, args, { stdio: ["ignore", "inherit", "pipe"], env: { ...environment, RANK: `${rank}` } }),
  );
  try {
    let failed: number | null = null;
    const endings = children.map(async (child, rank) => {
      const { code } = await ended(child, say);
      if (code === 0 || failed !== null) return;
      failed = rank;
      const how = child.signalCode === null ? `code ${code}` : `signal ${child.signalCode}`;
      say(`rank ${rank} ended with ${how}: the others are ended\n`);
      for (const each of children) each.kill();
    });
    await Promise.all(endings);
    return { code: failed === null ? 0 : 1, stderr };
  } finally {
    await server.stop();
  }
}

function ended(child: ChildProcess, onError: (text: string) => void): Promise<Ending> {
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    onError(text);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stderr }));
  });
}
