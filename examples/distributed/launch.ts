import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Why there is no MPI here, and how to get it; null where there is. */
export function missingMpi(): string | null {
  const { error, status } = spawnSync("mpirun", ["--version"], { stdio: "ignore" });
  if (!error && status === 0) return null;
  return "mpirun was not found: install Open MPI (Debian and Ubuntu: apt-get install openmpi-bin; macOS: brew install open-mpi)";
}

/** Node.js running a program of TypeScript. */
export function programOf(program: URL, args: readonly string[]): string[] {
  return [process.execPath, "--import", "tsx", fileURLToPath(program), ...args];
}

/**
 * Starts a program as so many ranks, also where there are fewer processors: a rank that waits then gives its turn away. As root,
 * in a container, mpirun wants to be told that this is meant.
 */
export function mpirun(ranks: number, program: URL, args: readonly string[]): ChildProcess {
  const options = ["-n", `${ranks}`, "--oversubscribe", "--mca", "mpi_yield_when_idle", "1"];
  if (process.getuid?.() === 0) options.push("--allow-run-as-root");
  return spawn("mpirun", [...options, ...programOf(program, args)], { stdio: ["ignore", "inherit", "pipe"] });
}

/** What a process wrote to standard error, and how it ended. */
export interface Ending {
  readonly code: number | null;
  readonly stderr: string;
}

/** `onError` gets each piece of standard error as it comes. */
export function ended(child: ChildProcess, onError: (text: string) => void = () => {}): Promise<Ending> {
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
