import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

export interface RedisServer {
  readonly url: string;
  readonly password: string;
  readonly pid: number;
  /** Ends this server and no other. */
  stop(): Promise<void>;
}

/** If Redis is missing, returns a message that says how to install it; else null. */
export function missingRedis(): string | null {
  const { error } = spawnSync("redis-server", ["--version"], { stdio: "ignore" });
  return error ? "redis-server was not found: install Redis (Debian and Ubuntu: apt-get install redis-server)" : null;
}

/** Starts a server for this machine only, on a free port and with a new password. It writes nothing to the disk. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const password = randomBytes(24).toString("hex");
  // The settings go to standard input: other users could read a command line.
  const settings = ["bind 127.0.0.1", `port ${port}`, `requirepass ${password}`, 'save ""', "appendonly no"];
  const child = spawn("redis-server", ["-"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(`${settings.join("\n")}\n`);
  const ended = once(child, "exit");
  let said = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    said += text;
    if (said.includes("Ready to accept connections")) break;
  }
  if (child.exitCode !== null || !said.includes("Ready")) throw new Error(`redis-server did not start:\n${said}`);
  return {
    url: `redis://127.0.0.1:${port}`,
    password,
    pid: child.pid as number,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
