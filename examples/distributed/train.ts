import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { install } from "batchnorm-wasm/tfjs";
import { seeded } from "../../scripts/common/random.js";
import { startTfjs } from "../common/backend.js";
import { batchBounds, disposeBatch, makeBatch } from "../common/batches.js";
import type { Dataset } from "../common/fashion-mnist.js";
import { LeNet } from "../lenet/network.js";
import { tfjsLayer } from "../lenet/normalizers.js";
import { accuracy } from "../lenet/train.js";
import { begin, writeCheckpoint } from "./checkpoint.js";
import type { Options } from "./options.js";
import type { Ranks } from "./ranks.js";

/** The measurements of one rank. Losses and accuracies are the same on all ranks. */
export interface Results {
  /** The loss of each step, over the whole batch. */
  readonly losses: number[];
  /** The averages over the images of each epoch, during which the weights change. */
  readonly epochs: { readonly loss: number; readonly accuracy: number; readonly seconds: number }[];
  /** The rate of all ranks together. */
  readonly images: number;
}

/** Returns a random order of the images for one epoch. A resumed run gets the same order. */
function orderOf(count: number, bounds: readonly number[], epoch: number, { seed, permute }: Options): Uint32Array {
  const order = seeded(seed + 1000 * (epoch + 1)).permutation(count);
  if (permute === 0) return order;
  const within = seeded(permute);
  for (const [i, start] of bounds.slice(0, -1).entries()) {
    const images = order.slice(start, bounds[i + 1]);
    order.set(
      within.permutation(images.length).map((at) => images[at]),
      start,
    );
  }
  return order;
}

/** The part of [start, end) that is this rank's. */
function partOf({ rank, size }: Ranks, start: number, end: number): [start: number, end: number] {
  const cut = (at: number) => start + Math.floor((at * (end - start)) / size);
  return [cut(rank), cut(rank + 1)];
}

/** Adds up tensors of all ranks, and one number, in one message. Returns new tensors and the number. */
function sumOver({ allReduce }: Ranks, tensors: tf.NamedTensorMap, number: number): [tf.NamedTensorMap, number] {
  const all = Object.entries(tensors);
  const message = new Float64Array(1 + all.reduce((size, [, tensor]) => size + tensor.size, 0));
  message[0] = number;
  let at = 1;
  for (const [, tensor] of all) {
    message.set(tensor.dataSync(), at);
    at += tensor.size;
  }
  allReduce(message);
  at = 1;
  const summed = all.map(([name, { shape, size }]) => {
    const values = Float32Array.from(message.subarray(at, at + size));
    at += size;
    return [name, tf.tensor(values, shape)];
  });
  return [Object.fromEntries(summed), message[0]];
}

/** One step on images order[start] to order[end - 1], of which this rank computes its part. Returns the loss of all of them. */
function step(
  ranks: Ranks,
  network: LeNet,
  optimizer: tf.Optimizer,
  data: Dataset,
  order: Uint32Array,
  bounds: number[],
) {
  const [start, end] = bounds;
  const batch = makeBatch(data, order, ...partOf(ranks, start, end));
  const loss = tf.tidy(() => {
    // The mean over this rank's images, weighed by their share: then the ranks' losses and gradients add up.
    const share = batch.labels.length / (end - start);
    const { value, grads } = tf.variableGrads(() => {
      return tf.mul(LeNet.loss(network.forward(batch.images, true), batch.oneHot), share) as tf.Scalar;
    });
    const [summed, loss] = sumOver(ranks, grads, value.dataSync()[0]);
    optimizer.applyGradients(summed);
    return loss;
  });
  disposeBatch(batch);
  return loss;
}

/** Trains on this rank's parts of all batches. */
export async function train(
  ranks: Ranks,
  data: { train: Dataset; test: Dataset },
  options: Options,
  onEpoch: (epoch: number, result: Results["epochs"][number]) => void,
): Promise<Results> {
  await startTfjs();
  // All that makes the layers of TensorFlow.js take the statistics of all ranks.
  await install(tf, { layers, ...(!options.local && { allReduce: ranks.allReduce }) });
  const network = new LeNet(seeded(options.seed), tfjsLayer);
  const optimizer = tf.train.sgd(options.lr);
  const { count } = data.train;
  const bounds = batchBounds(count, options.batch);
  const perEpoch = bounds.length - 1;
  const last = Math.min(options.epochs * perEpoch, options.steps ?? Infinity);
  const first = begin(ranks, options.resume ? options.checkpoint : null);
  const results: Results = { losses: [], epochs: [], images: count };
  let [loss, seconds, seen] = [0, 0, 0];
  let order: Uint32Array = new Uint32Array();
  for (let at = first; at < last; at++) {
    const [epoch, i] = [Math.floor(at / perEpoch), at % perEpoch];
    if (order.length === 0 || i === 0) order = orderOf(count, bounds, epoch, options);
    if (at + 1 === options.killAt && ranks.rank === ranks.size - 1) process.kill(process.pid, "SIGKILL");
    const begun = performance.now();
    const own = step(ranks, network, optimizer, data.train, order, bounds.slice(i, i + 2));
    seconds += (performance.now() - begun) / 1000;
    results.losses.push(own);
    loss += own * (bounds[i + 1] - bounds[i]);
    seen += bounds[i + 1] - bounds[i];
    if (ranks.rank === 0 && (at + 1) % options.every === 0) writeCheckpoint(options.checkpoint, at + 1);
    if (i + 1 < perEpoch) continue;
    // Only rank 0 tests, by moving statistics, which sends nothing; the others wait for it here.
    const share = Float64Array.of(ranks.rank === 0 ? accuracy(network, data.test) : 0);
    ranks.allReduce(share);
    const result = { loss: loss / seen, accuracy: share[0], seconds };
    results.epochs.push(result);
    onEpoch(epoch + 1, result);
    [loss, seconds, seen] = [0, 0, 0];
  }
  return results;
}
