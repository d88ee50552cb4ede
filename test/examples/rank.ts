// A rank of the tests over MPI and Redis: `rank.ts ENGINE MODE FILE`. It writes what it computed to FILE, with its number behind.
import { writeFileSync } from "node:fs";
import { loadSync } from "batchnorm-wasm";
import { BatchNorm } from "batchnorm-wasm/distributed";
import { connectMpi } from "../../examples/distributed/mpi.js";
import { runRank } from "../../examples/distributed/ranks.js";
import { connectRedis } from "../../examples/distributed/redis.js";
import { caseOf } from "../helpers/cases.js";
import { problemOf } from "../helpers/problem.js";
import { CASE, SHARDS } from "./rank-cases.js";

const [engine, mode, file] = process.argv.slice(2);
// Long enough for two processes to start, also on a busy machine.
const seconds = mode === "hang" ? 5 : 60;
const ranks = engine === "mpi" ? connectMpi(seconds) : connectRedis(seconds);
const { rank, allReduce } = ranks;

/** One step of this rank's part of a batch: samples [begin, end). */
function step(counts: readonly number[]) {
  const { x, dy, gamma, beta, shape, layout, eps } = problemOf(caseOf(CASE));
  const kernels = loadSync();
  const layer = new BatchNorm(kernels, 5, { allReduce, eps, activation: "relu" });
  layer.gamma?.data.set(gamma as Float32Array);
  layer.beta?.data.set(beta as Float32Array);
  const sample = x.length / shape[0];
  const begin = counts.slice(0, rank).reduce((sum, count) => sum + count, 0);
  const part = (values: Float32Array) =>
    kernels.tensor(
      [counts[rank], ...shape.slice(1)],
      layout,
      values.subarray(begin * sample, (begin + counts[rank]) * sample),
    );
  const y = layer.forward(part(x));
  const { dx, dgamma, dbeta } = layer.backward(part(dy));
  const results = [y.data, dx.data, dgamma?.data, dbeta?.data, layer.runningMean, layer.runningVar];
  return results.map((values) => [...(values ?? [])]);
}

/** Layers of 3 and of 4 channels. */
function differ() {
  const kernels = loadSync();
  new BatchNorm(kernels, 3 + rank, { allReduce }).forward(kernels.tensor([2, 3 + rank], "NC"));
}

await runRank(ranks, async () => {
  if (mode === "step") writeFileSync(`${file}${rank}`, JSON.stringify(SHARDS.map(step)));
  if (mode === "differ") differ();
  if (mode === "throw" && rank === 1) throw new Error("the disk is full");
  if (mode === "kill" && rank === 1) process.kill(process.pid, "SIGKILL");
  // Longer than the deadline, and ended by it.
  if (mode === "hang" && rank === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000);
  if (mode !== "step") allReduce(new Float64Array(1));
});
