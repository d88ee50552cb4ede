// Two workers in a page normalize by their common batch. A page cannot wait, so there is no allReduce: the functions of
// batchnorm-wasm give the steps of the layer, and messages go between them.
import { mergeStatistics } from "batchnorm-wasm";

export interface Part {
  readonly shape: readonly [number, number];
  readonly values: Float32Array;
  readonly gradient: Float32Array;
}

export interface Means {
  readonly count: number;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

export interface Gradients {
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
}

export interface Answer {
  readonly y: Float32Array;
  readonly dx: Float32Array;
}

/** The next message of each worker, in their order. */
function answers<T>(workers: readonly Worker[]): Promise<T[]> {
  const next = (worker: Worker) =>
    new Promise<T>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
  return Promise.all(workers.map(next));
}

const add = (a: Float64Array, b: Float64Array) => a.map((value, c) => value + b[c]);

/** y and dx of each part, by the statistics of all parts together. Every worker gets one part. */
export async function stepOver(workers: readonly Worker[], parts: readonly Part[]): Promise<Answer[]> {
  const send = (message: (i: number) => object) => workers.forEach((worker, i) => void worker.postMessage(message(i)));
  const means = answers<Means>(workers);
  send((i) => parts[i]);
  const { count, mean, variance } = mergeStatistics(await means);
  const gradients = answers<Gradients>(workers);
  send(() => ({ count, mean, variance }));
  const sums = (await gradients).reduce((a, b) => ({ dgamma: add(a.dgamma, b.dgamma), dbeta: add(a.dbeta, b.dbeta) }));
  const results = answers<Answer>(workers);
  send(() => sums);
  return results;
}
