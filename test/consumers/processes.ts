import { type ChildProcess, spawn } from "node:child_process";

/** What a consumer said before it failed. */
export class ConsumerError extends Error {
  readonly output: string;
  constructor(message: string, output: string) {
    super(message);
    this.output = output;
  }
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly seconds: number;
}

export interface Server {
  /** What the pattern found in the output, its first group. */
  readonly found: string;
  /** What it has said so far. */
  readonly output: () => string;
  stop(): Promise<void>;
}

/** Process groups that live; each command leads a group of its own, so that what it starts ends with it. */
const groups = new Set<number>();

function endGroup(pid: number): void {
  groups.delete(pid);
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

export function endAll(): void {
  for (const pid of [...groups]) endGroup(pid);
}

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly end: () => void;
}

function launch({ command, args, cwd, environment }: Command): Running {
  // A home of its own: no cache is filled and no configuration read. Nobody is told that it ran.
  const env = {
    PATH: process.env.PATH,
    HOME: cwd,
    TMPDIR: cwd,
    DENO_DIR: `${cwd}/.deno`,
    DENO_NO_UPDATE_CHECK: "1",
    DO_NOT_TRACK: "1",
    NEXT_TELEMETRY_DISABLED: "1",
    NO_COLOR: "1",
    ...environment,
  };
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (text += part));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
    // A grandchild that holds the pipes would keep "close" from coming.
    child.once("exit", () => pid !== undefined && endGroup(pid));
  });
  return { child, output: () => text, ended, end: () => pid !== undefined && groups.has(pid) && endGroup(pid) };
}

/** The output of a command that ends with code 0; throws a ConsumerError with the output otherwise. */
export async function run(command: Command): Promise<string> {
  const { output, ended, end } = launch(command);
  const name = [command.command.split("/").at(-1), ...command.args].join(" ");
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, 1000 * command.seconds);
  try {
    const code = await ended;
    if (late) throw new ConsumerError(`"${name}" took more than ${command.seconds} s`, output());
    if (code !== 0) throw new ConsumerError(`"${name}" ended with code ${code}`, output());
    return output();
  } finally {
    clearTimeout(timer);
    end();
  }
}

/** A command that serves until it is stopped, once `ready` is in its output. */
export async function serve(command: Command, ready: RegExp): Promise<Server> {
  const { output, ended, end } = launch(command);
  const stop = async () => {
    end();
    await ended;
  };
  let code: number | null | undefined;
  ended.then(
    (value) => (code = value),
    () => (code = null),
  );
  const deadline = Date.now() + 1000 * command.seconds;
  for (;;) {
    const [, found] = ready.exec(output()) ?? [];
    if (found !== undefined) return { found, output, stop };
    if (code !== undefined || Date.now() > deadline) {
      await stop();
      throw new ConsumerError(`${command.args.join(" ")}: no server within ${command.seconds} s`, output());
    }
    await new Promise((later) => setTimeout(later, 50));
  }
}
