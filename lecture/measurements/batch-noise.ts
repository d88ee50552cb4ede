import { median, sampleStandardDeviation } from "simple-statistics";
import { disposeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { rounded, stepCost } from "../training/classifier.js";
import { makeNetwork, type NetworkSettings } from "../training/network.js";
import type { Statistics } from "../training/normalization.js";
import { Batches, evaluate, first, step } from "../training/train.js";

export interface BatchNoiseSettings {
  readonly network: NetworkSettings;
  readonly images: number;
  /** Steps before the measurement, with 256 images each, at rate 0.1. */
  readonly steps: number;
  readonly sizes: readonly number[];
  /** Batches of each size. */
  readonly batches: number;
}

/** The unit is the standard deviation over all images. Values are medians over the channels of all layers. */
export interface BatchNoise {
  readonly size: number;
  /** Standard deviation over batches of the batch's mean. */
  readonly mean: number | null;
  /** Standard deviation over batches of the batch's standard deviation. */
  readonly deviation: number | null;
}

/** Measures how the statistics vary from batch to batch, for several batch sizes and the same weights. */
export const batchNoise: Recipe<BatchNoiseSettings, readonly BatchNoise[]> = {
  name: "batch-noise",
  cost({ network, steps, sizes, batches }) {
    const forward = (size: number) => 0.5 * stepCost(network, size);
    return steps * stepCost(network, 256) + batches * sizes.reduce((sum, size) => sum + forward(size), 0);
  },
  run({ network: settings, images, steps, sizes, batches: count }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = makeNetwork(settings, random);
    const train = first(data.train, images);
    try {
      const training = new Batches(train, 256, random);
      for (let i = 0; i < steps; i++) {
        const batch = training.next();
        step(network, batch, 0.1);
        disposeBatch(batch);
      }
      for (const norm of network.norms) norm.beginEstimate();
      evaluate(network, train, "estimate");
      const whole = network.norms.map((norm) => norm.endEstimate());
      return sizes.map((size, i) => {
        const batches = new Batches(train, size, random);
        const seen = Array.from({ length: count }, () => {
          const batch = batches.next();
          network.forward(batch.images, "training").dispose();
          disposeBatch(batch);
          return network.norms.map((norm) => norm.batch as Statistics);
        });
        progress((i + 1) / sizes.length);
        const noise = (value: (statistics: Statistics, channel: number) => number) =>
          whole.flatMap(({ variance }, layer) =>
            [...variance].map(
              (all, channel) =>
                sampleStandardDeviation(seen.map((layers) => value(layers[layer], channel))) / Math.sqrt(all),
            ),
          );
        return {
          size,
          mean: rounded(median(noise(({ mean }, channel) => mean[channel]))),
          deviation: rounded(median(noise(({ variance }, channel) => Math.sqrt(variance[channel])))),
        };
      });
    } finally {
      network.dispose();
    }
  },
};
