// Two workers that normalize by the statistics of their common batch, forward and backward.
// They send a few numbers per channel, never the data. A page does the same with `new Worker(url)` and `onmessage`.
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { batchStatistics, gradientSums, inputGradient, loadSync, mergeStatistics, normalize } from "batchnorm-wasm";

async function coordinate() {
  const batches = ["1 2 3", "10 20"].map((values) => values.split(" ").map(Number));
  const workers = batches.map((values) => new Worker(new URL(import.meta.url), { workerData: values }));
  const gather = () => Promise.all(workers.map(async (worker) => (await once(worker, "message"))[0]));
  const send = (message) => {
    for (const worker of workers) worker.postMessage(message);
  };
  const { count, mean, variance } = mergeStatistics(await gather());
  send({ count, mean, variance });
  const sums = await gather();
  const add = (name) => sums[0][name].map((value, c) => value + sums[1][name][c]);
  send({ dgamma: add("dgamma"), dbeta: add("dbeta") });
  for (const { y, dx } of await gather()) console.log(y, dx);
}

async function work() {
  const receive = async () => (await once(parentPort, "message"))[0];
  const x = loadSync().tensor([workerData.length, 1], "NC", workerData);
  const { count, mean, variance } = batchStatistics(x);
  // These are copies, because posting a view would copy the whole memory.
  parentPort.postMessage({ count, mean: [...mean], variance: [...variance] });
  const whole = await receive();
  const y = normalize(x, whole);
  const dy = normalize(x, whole);
  dy.data.set(y.data.map((value) => value ** 2)); // of the loss sum(y³) / 3
  const { dgamma, dbeta } = gradientSums(dy, x, whole);
  parentPort.postMessage({ dgamma: [...dgamma], dbeta: [...dbeta] });
  const dx = inputGradient(dy, x, whole, await receive());
  parentPort.postMessage({ y: y.data.slice(), dx: dx.data.slice() });
}

await (isMainThread ? coordinate() : work());
