import * as tf from "@tensorflow/tfjs-core";
import { median } from "simple-statistics";
import { seeded } from "../../scripts/common/random.js";
import { disposeBatch, makeBatch } from "../common/batches.js";
import type { Dataset } from "../common/fashion-mnist.js";
import { LeNet, type Normalizer, type NormalizerMaker } from "./network.js";
import { trainStep } from "./train.js";

/** Median milliseconds of one training step, and of the batch normalization in it. */
export interface StepTime {
  readonly name: string;
  readonly step: number;
  readonly normalization: number;
}

export interface Candidate {
  readonly name: string;
  readonly normalizer: NormalizerMaker | null;
}

/** Adds up what passes between `start` and `stop`. */
class Stopwatch {
  total = 0;
  #began = 0;
  start(): void {
    this.#began = performance.now();
  }
  stop(): void {
    this.total += performance.now() - this.#began;
  }
}

/** Times steps of the same network with each candidate, taking turns so that a disturbance meets all of them. */
export function timeSteps(candidates: readonly Candidate[], data: Dataset, batchSize: number, rounds = 16): StepTime[] {
  const warmUp = 2;
  const order = Uint32Array.from({ length: batchSize }, (_, i) => i);
  const batch = makeBatch(data, order, 0, batchSize);
  const optimizer = tf.train.sgd(1e-3);
  const runs = candidates.map(({ name, normalizer }) => {
    const watch = new Stopwatch();
    const network = new LeNet(seeded(1), normalizer && ((...shape) => timed(normalizer(...shape), watch)));
    return { name, network, watch, step: [] as number[], normalization: [] as number[] };
  });
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const run of runs) {
      run.watch.total = 0;
      const begin = performance.now();
      trainStep(run.network, optimizer, batch);
      if (round >= warmUp) {
        run.step.push(performance.now() - begin);
        run.normalization.push(run.watch.total);
      }
    }
  }
  for (const { network } of runs) {
    network.dispose();
  }
  disposeBatch(batch);
  optimizer.dispose();
  return runs.map(({ name, step, normalization }) => ({
    name,
    step: median(step),
    normalization: median(normalization),
  }));
}

/**
 * Times a layer, forward and backward. Operations of the wasm backend are synchronous, and the backward pass runs in
 * reverse order. So the layer's part of it lies between the gradients of two identities, one after the layer and one
 * before it.
 */
function timed(inner: Normalizer, watch: Stopwatch): Normalizer {
  return {
    apply(x, training) {
      const entry = whenBackward(x, () => watch.stop());
      watch.start();
      const y = inner.apply(entry, training);
      watch.stop();
      return whenBackward(y, () => watch.start());
    },
    dispose: () => inner.dispose(),
  };
}

function whenBackward(x: tf.Tensor, run: () => void): tf.Tensor {
  return tf.customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (dy) => {
      run();
      return tf.clone(dy as tf.Tensor);
    },
  }))(x);
}
