import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createSyncFn } from "synckit";
import type { Ranks } from "./ranks.js";
import type { Command } from "./redis-worker.js";

/**
 * This process as a rank that exchanges its sums through Redis. All ranks publish theirs, and each adds all of them in the order of
 * the ranks. From the environment: REDIS_URL (rediss: for TLS), REDIS_PASSWORD, REDIS_CA (a file), RUN, RANK and SIZE.
 * @param seconds how long a message may take; the error then names the ranks that nothing came from
 */
export function connectRedis(seconds = 60, environment: NodeJS.ProcessEnv = process.env): Ranks {
  const { REDIS_URL: url = "redis://127.0.0.1:6379", REDIS_PASSWORD: password, REDIS_CA: ca, RUN: run } = environment;
  const [rank, size] = [Number(environment.RANK), Number(environment.SIZE)];
  if (!/^[0-9a-f]{32}$/.test(run ?? "")) throw new Error("RUN must be 32 hexadecimal digits, the same for all ranks");
  if (!(Number.isInteger(rank) && rank >= 0 && rank < size)) throw new Error("RANK must be from 0 to SIZE - 1");
  const tls = ca === undefined ? {} : { tls: { ca: readFileSync(ca) } };
  const worker = fileURLToPath(new URL("redis-worker.mjs", import.meta.url));
  // The worker has its own deadline, whose error says more than synckit's.
  const send: (command: Command) => Float64Array | null = createSyncFn(worker, 1000 * (seconds + 10));
  send({
    connect: { url, options: { ...(password && { password }), ...tls }, run: run as string, rank, size, seconds },
  });
  return {
    rank,
    size,
    engine: "Redis",
    allReduce: (sums) => sums.set(send({ sums }) as Float64Array),
    close: () => void send("close"),
    // Nothing of Redis knows the other processes: who started them ends them.
    abort: () => process.exit(1),
  };
}
