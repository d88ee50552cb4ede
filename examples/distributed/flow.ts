// Statistics of a whole data set in parts, as a flow of BullMQ over Redis. One of the workers is killed on the way.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { loadSync, mergeStatistics, type Statistics } from "batchnorm-wasm";
import { FlowProducer, QueueEvents } from "bullmq";
import { InputError, runCommand } from "../../scripts/common/command.js";
import { integer, parseArguments, path } from "../../scripts/common/options.js";
import { Progress } from "../../scripts/common/progress.js";
import { dataFolder, readSplit } from "../common/fashion-mnist.js";
import { connectionFrom, PARTS_QUEUE, partsOf, statisticsOf, WHOLE_QUEUE } from "./flow-parts.js";
import { missingRedis, type RedisServer, startRedis } from "./redis-server.js";

const WORKERS = 2;

interface Outcome {
  readonly statistics: Statistics;
  /** Parts that were done again, because their worker was killed. */
  readonly again: number;
}

/** Adds the flow, waits for its result, and kills the last worker halfway. */
async function runFlow(server: RedisServer, parts: number, images: number, workers: ChildProcess[]): Promise<Outcome> {
  const connection = connectionFrom({ REDIS_URL: server.url, REDIS_PASSWORD: server.password });
  const [partEvents, wholeEvents] = [PARTS_QUEUE, WHOLE_QUEUE].map((name) => new QueueEvents(name, { connection }));
  const producer = new FlowProducer({ connection });
  const progress = new Progress("parts [{bar}] {value} of {total}", parts, {}, 5);
  let [done, again] = [0, 0];
  partEvents.on("completed", () => {
    progress.update(++done, {});
    if (done === Math.floor(parts / 2)) workers.at(-1)?.kill("SIGKILL");
  });
  partEvents.on("stalled", () => again++);
  try {
    await Promise.all([partEvents, wholeEvents].map((events) => events.waitUntilReady()));
    const children = partsOf(images, parts).map((data) => ({ name: "part", queueName: PARTS_QUEUE, data }));
    const { job } = await producer.add({ name: "whole", queueName: WHOLE_QUEUE, children });
    return { statistics: await job.waitUntilFinished(wholeEvents), again };
  } finally {
    progress.stop();
    await Promise.all([partEvents, wholeEvents, producer].map((each) => each.close()));
  }
}

async function main(): Promise<void> {
  const values = parseArguments(process.argv.slice(2), { parts: { type: "string" }, data: { type: "string" } });
  const parts = integer("--parts", values.parts, 1000, 2, 10_000);
  const folder = values.data === undefined ? dataFolder : path("--data", values.data);
  const data = readSplit(folder, "train");
  const reason = missingRedis();
  if (reason !== null) throw new InputError(reason);
  const server = await startRedis();
  const program = fileURLToPath(new URL("flow-worker.ts", import.meta.url));
  const workers = Array.from({ length: WORKERS }, () =>
    spawn(process.execPath, ["--import", "tsx", program, folder], {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, REDIS_URL: server.url, REDIS_PASSWORD: server.password },
    }),
  );
  const endings = workers.map((worker) => once(worker, "exit"));
  try {
    const { statistics, again } = await runFlow(server, parts, data.count, workers);
    const kernels = loadSync();
    const alone = mergeStatistics(partsOf(data.count, parts).map((part) => statisticsOf(kernels, data, part)));
    const same = (["mean", "variance"] as const).every((name) => {
      return Array.from(alone[name]).every((value, c) => value === statistics[name][c]);
    });
    console.log(`${parts} parts, ${statistics.count} values per channel; one of ${WORKERS} workers was killed halfway`);
    console.log(`parts that were done again: ${again}`);
    console.log(`equal to one process: ${same && alone.count === statistics.count ? "yes, bit for bit" : "NO"}`);
    if (!same) process.exitCode = 1;
  } finally {
    for (const worker of workers) worker.kill();
    await Promise.all(endings);
    await server.stop();
  }
}

await runCommand(main);
