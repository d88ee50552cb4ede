import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { disposeBatch, makeBatch } from "../../common/batches.js";
import { pixels } from "../../common/fashion-mnist.js";
import { seeded } from "../../common/random.js";
import type { Recipe } from "../experiment.js";
import { mean } from "../report/numbers.js";
import { rounded, stepCost } from "./classifier.js";
import { GhostBatchNorm } from "./ghost.js";
import { makeNetwork, type NetworkSettings } from "./network.js";
import { Batches, estimate, evaluate, first, step } from "./train.js";

export interface GeneralizationSettings {
  readonly network: NetworkSettings;
  /** Images whose statistics normalize together in training; null: the batch. */
  readonly group: number | null;
  readonly lr: number;
  /** Divides `images`, as groups want batches that are all of this size. */
  readonly batch: number;
  readonly images: number;
  readonly epochs: number;
  /** Epochs from one measurement to the next. */
  readonly interval: number;
}

/** By precise statistics and without dropout, on the images of the training and on the test images. */
export interface GeneralizationPoint {
  readonly epoch: number;
  readonly train: number;
  readonly test: number;
  readonly testLoss: number | null;
}

/** Trains on few images, and compares accuracy on these with that on the test images. */
export const generalization: Recipe<GeneralizationSettings, GeneralizationPoint[]> = {
  name: "generalization",
  cost({ network, group, batch, images, epochs, interval }, { test }) {
    const judged = (epochs / interval) * (2 * images + test.count) * 0.00002;
    return (group === null ? 1 : 1.4) * ((epochs * images) / batch) * stepCost(network, batch) + judged;
  },
  run({ network: settings, group, lr, batch: size, images, epochs, interval }, { data, seed, progress }) {
    const random = seeded(seed);
    const grouped = group === null ? undefined : (channels: number) => new GhostBatchNorm(channels, group);
    const network = makeNetwork(settings, random, grouped);
    const few = first(data.train, images);
    const batches = new Batches(few, size, random);
    const curve: GeneralizationPoint[] = [];
    try {
      for (let epoch = 1; epoch <= epochs; epoch++) {
        for (let i = 0; i < batches.perEpoch; i++) {
          const batch = batches.next();
          step(network, batch, lr);
          disposeBatch(batch);
        }
        progress(epoch / epochs);
        if (epoch % interval !== 0 && epoch !== epochs) continue;
        estimate(network, few, images);
        const [train, test] = [few, data.test].map((set) => evaluate(network, set, "precise"));
        curve.push({ epoch, train: train.accuracy, test: test.accuracy, testLoss: rounded(test.loss) });
      }
      return curve;
    } finally {
      network.dispose();
    }
  },
};

export interface BatchNoiseSettings {
  /** Units of the layer that is looked at, the first, before training. */
  readonly units: number;
  readonly sizes: readonly number[];
  /** Batches of each size. */
  readonly draws: number;
}

/** Root mean square over batches and units of the batch's error, in standard deviations of the unit. */
export interface BatchNoise {
  readonly size: number;
  readonly mean: number | null;
  readonly deviation: number | null;
}

/** Statistics of random batches of training images against those of all of them. */
export const batchNoise: Recipe<BatchNoiseSettings, BatchNoise[]> = {
  name: "batch-noise",
  cost: ({ sizes, draws }) => sizes.reduce((sum, size) => sum + draws * (0.0006 + size * 0.000006), 0.5),
  run({ units, sizes, draws }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = makeNetwork({ body: [units], activation: "relu", norm: null }, random);
    const statistics = (order: Uint32Array, size: number) => {
      const batch = makeBatch(data.train, order, 0, size);
      const result = tf.tidy(() => {
        const x = tf.matMul(tf.reshape(batch.images, [size, pixels]), network.variables[0] as tf.Tensor2D);
        const { mean, variance } = batchNormTraining(x);
        return { mean: mean.dataSync().slice(), deviation: tf.sqrt(variance).dataSync().slice() };
      });
      disposeBatch(batch);
      return result;
    };
    try {
      const all = statistics(random.permutation(data.train.count), data.train.count);
      return sizes.map((size, s) => {
        const errors: Record<"mean" | "deviation", number[]> = { mean: [], deviation: [] };
        for (let d = 0; d < draws; d++) {
          const drawn = statistics(random.permutation(data.train.count), size);
          for (const name of ["mean", "deviation"] as const) {
            errors[name].push(...Array.from(drawn[name], (v, u) => ((v - all[name][u]) / all.deviation[u]) ** 2));
          }
        }
        progress((s + 1) / sizes.length);
        const [ofMean, ofDeviation] = [errors.mean, errors.deviation].map((squares) => Math.sqrt(mean(squares)));
        return { size, mean: rounded(ofMean), deviation: rounded(ofDeviation) };
      });
    } finally {
      network.dispose();
    }
  },
};
