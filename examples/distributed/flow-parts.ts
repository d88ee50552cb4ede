import { batchStatistics, type Kernels } from "batchnorm-wasm";
import type { ConnectionOptions } from "bullmq";
import { type Dataset, imageSize, pixels } from "../common/fashion-mnist.js";

export const PARTS_QUEUE = "parts";
export const WHOLE_QUEUE = "whole";

/** Images [begin, end). */
export interface Part {
  readonly part: number;
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads REDIS_URL and REDIS_PASSWORD. The connection has no limit of retries, because workers of BullMQ wait for jobs.
 */
export function connectionFrom({ REDIS_URL, REDIS_PASSWORD }: NodeJS.ProcessEnv): ConnectionOptions {
  const { hostname, port, protocol } = new URL(REDIS_URL ?? "redis://127.0.0.1:6379");
  const tls = protocol === "rediss:" ? { tls: {} } : {};
  const password = REDIS_PASSWORD ? { password: REDIS_PASSWORD } : {};
  return { host: hostname, port: Number(port || 6379), maxRetriesPerRequest: null, ...tls, ...password };
}

/** Splits the images into `count` parts that differ by at most one image. */
export function partsOf(images: number, count: number): Part[] {
  const cut = (part: number) => Math.floor((part * images) / count);
  return Array.from({ length: count }, (_, part) => ({ part, begin: cut(part), end: cut(part + 1) }));
}

/**
 * Computes the statistics of the pixels of a part, with the columns of the images as channels. The result is plain
 * JSON, in which a number keeps all its bits.
 */
export function statisticsOf(kernels: Kernels, { images }: Dataset, { part, begin, end }: Part) {
  const values = images.subarray(begin * pixels, end * pixels);
  const x = kernels.tensor([end - begin, imageSize, imageSize], "NLC", values);
  const statistics = batchStatistics(x);
  try {
    return { part, count: statistics.count, mean: [...statistics.mean], variance: [...statistics.variance] };
  } finally {
    x.dispose();
    statistics.dispose();
  }
}
