import { disposeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { stepCost } from "../training/classifier.js";
import { makeNetwork, type NetworkSettings } from "../training/network.js";
import { Batches, estimate, evaluate, first, step } from "../training/train.js";

export interface OverfittingSettings {
  readonly network: NetworkSettings;
  /** The learning rate of plain gradient descent. */
  readonly lr: number;
  /** Images that a step learns from. */
  readonly batch: number;
  /** Images that are normalized together: those of the batch, and others drawn anew for each step. */
  readonly together: number;
  /** The number of images to train on, from the first. */
  readonly images: number;
  readonly epochs: number;
  /** Epochs from one measurement to the next. */
  readonly interval: number;
}

/** Accuracies of the same weights, without dropout. By precise statistics unless something else is said. */
export interface Fit {
  readonly epoch: number;
  readonly train: number;
  readonly test: number;
  /** The accuracy on the test images by running statistics. */
  readonly running: number;
}

/** Trains on few images, and measures how much better these are known than others. */
export const overfitting: Recipe<OverfittingSettings, readonly Fit[]> = {
  name: "overfitting",
  cost({ network, batch, together, images, epochs, interval }, { test }) {
    const judged = 2 * test.count + 2 * images;
    const measured = (epochs / interval) * judged * 0.35 * (stepCost(network, 1000) / 1000);
    return epochs * Math.ceil(images / batch) * stepCost(network, together) + measured;
  },
  run({ network: settings, lr, batch: size, together, images, epochs, interval }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = makeNetwork(settings, random);
    const train = first(data.train, images);
    const batches = new Batches(train, size, random);
    const beside = together > size ? new Batches(train, together - size, seeded(seed + 1000)) : null;
    const fits: Fit[] = [];
    try {
      for (let epoch = 1; epoch <= epochs; epoch++) {
        for (let i = 0; i < batches.perEpoch; i++) {
          const batch = batches.next();
          const others = beside?.next() ?? null;
          step(network, batch, lr, 0, others?.images);
          disposeBatch(batch);
          if (others !== null) disposeBatch(others);
          progress((epoch - 1 + i / batches.perEpoch) / epochs);
        }
        if (epoch % interval !== 0 && epoch !== epochs) continue;
        estimate(network, train, images);
        fits.push({
          epoch,
          train: evaluate(network, train, "precise").accuracy,
          test: evaluate(network, data.test, "precise").accuracy,
          running: evaluate(network, data.test, "running").accuracy,
        });
      }
      return fits;
    } finally {
      network.dispose();
    }
  },
};
