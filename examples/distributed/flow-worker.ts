// A worker of `flow.ts`. Statistics are computed per part; the parent's job merges them, and may run in any worker.
import { loadSync, mergeStatistics, type Statistics } from "batchnorm-wasm";
import { type Job, Worker } from "bullmq";
import { readSplit } from "../common/fashion-mnist.js";
import { connectionFrom, PARTS_QUEUE, type Part, statisticsOf, WHOLE_QUEUE } from "./flow-parts.js";

const data = readSplit(process.argv[2], "train");
const kernels = loadSync();
const connection = connectionFrom(process.env);
// A worker that says nothing for so long counts as dead, and its parts go to others.
const options = { connection, lockDuration: 2000, stalledInterval: 1000, maxStalledCount: 3 };

new Worker(PARTS_QUEUE, async ({ data: part }: Job<Part>) => statisticsOf(kernels, data, part), options);
new Worker(
  WHOLE_QUEUE,
  async (job: Job) => {
    const parts = Object.values(await job.getChildrenValues<Statistics & { part: number }>());
    // The parts are merged in their order, whichever worker was first, so the bits are always the same.
    const { count, mean, variance } = mergeStatistics(parts.sort((a, b) => a.part - b.part));
    return { count, mean: [...mean], variance: [...variance] };
  },
  options,
);
