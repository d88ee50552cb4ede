import { arm, type Scale } from "../experiment.js";
import { type ClassifierSettings, classifier } from "./classifier.js";
import type { NetworkSettings } from "./network.js";

/** The lecture's network, at the learning rates of its chapters, long enough to compare: several experiments look at these. */

export const withNorm: NetworkSettings = { body: "lenet", activation: "sigmoid", norm: {} };
export const without: NetworkSettings = { body: "lenet", activation: "sigmoid", norm: null };

export const lenetMethod =
  "LeNet with sigmoids, batches of 256, plain gradient descent at rate 1.0 with batch norm and 0.9 without";

export function lenetRuns(scale: Scale) {
  const training = {
    batch: 256,
    epochs: scale.full(30, 8),
    measurements: 1,
    precise: true,
    ...scale.full({}, { images: 5000 }),
  };
  const run = (settings: ClassifierSettings) => [arm(classifier, settings, scale.seeds(3, 1))];
  return {
    withNorm: run({ ...training, network: withNorm, lr: 1 }),
    without: run({ ...training, network: without, lr: 0.9 }),
  };
}
