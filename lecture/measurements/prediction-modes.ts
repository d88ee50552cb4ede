import { disposeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { stepCost } from "../training/classifier.js";
import { makeNetwork, type NetworkSettings } from "../training/network.js";
import { Batches, estimate, evaluate, first, step } from "../training/train.js";

export interface PredictionSettings {
  readonly network: NetworkSettings;
  readonly lr: number;
  readonly batch: number;
  readonly epochs: number;
  readonly images: number;
}

/** Test accuracy of the same weights by several statistics, after an epoch. */
export interface Predictions {
  /** The running ones. */
  readonly running: number;
  /** Those of the training images with the weights as they are. */
  readonly precise: number;
  /** Those of each batch of 250 test images, as in training. */
  readonly batch: number;
}

/** Trains a network and predicts by all statistics after every epoch. */
export const predictionModes: Recipe<PredictionSettings, readonly Predictions[]> = {
  name: "prediction-modes",
  cost({ network, batch, epochs, images }, { test }) {
    const judged = 3 * test.count + images;
    return (
      epochs * (Math.ceil(images / batch) * stepCost(network, batch) + judged * 0.35 * (stepCost(network, 1000) / 1000))
    );
  },
  run({ network: settings, lr, batch: size, epochs, images }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = makeNetwork(settings, random);
    const train = first(data.train, images);
    const batches = new Batches(train, size, random);
    try {
      return Array.from({ length: epochs }, (_, epoch) => {
        for (let i = 0; i < batches.perEpoch; i++) {
          const batch = batches.next();
          step(network, batch, lr);
          disposeBatch(batch);
          progress((epoch + i / batches.perEpoch) / epochs);
        }
        estimate(network, train, images);
        const [running, precise, batch] = (["running", "precise", "batch"] as const).map(
          (mode) => evaluate(network, data.test, mode, 250).accuracy,
        );
        return { running, precise, batch };
      });
    } finally {
      network.dispose();
    }
  },
};
