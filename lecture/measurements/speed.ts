import { type Batch, disposeBatch, makeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { median } from "../report/numbers.js";
import { rounded, stepCost } from "../training/classifier.js";
import { makeNetwork, type Network, type NetworkSettings } from "../training/network.js";
import { step } from "../training/train.js";

export interface SpeedSettings {
  readonly networks: readonly NetworkSettings[];
  readonly batches: readonly number[];
  readonly repetitions: number;
}

/** Seconds of a step, a row a network, a column a batch size. */
export type StepSeconds = readonly (readonly (number | null)[])[];

/** Steps that are timed together, so that a timing of small batches is of more than a few milliseconds. */
const stepsOf = (batch: number) => Math.max(1, Math.round(128 / batch));

/**
 * Times steps of training, forward and backward, on images that are there already. The batch sizes take turns, so that a
 * slow moment of the machine falls on all; medians of the repetitions, after one that does not count.
 */
export const stepSpeed: Recipe<SpeedSettings, StepSeconds> = {
  name: "step-speed",
  cost({ networks, batches, repetitions }) {
    const once = (network: NetworkSettings) =>
      batches.reduce((sum, batch) => sum + stepsOf(batch) * stepCost(network, batch), 0);
    return (repetitions + 1) * networks.reduce((sum, network) => sum + once(network), 0);
  },
  run({ networks, batches: sizes, repetitions }, { data, seed, progress }) {
    const order = seeded(seed).permutation(data.train.count);
    const timings = networks.map((settings, n) => {
      const network = makeNetwork(settings, seeded(seed));
      const times = sizes.map((): number[] => []);
      for (let repetition = 0; repetition <= repetitions; repetition++) {
        for (const [i, size] of sizes.entries()) {
          const batch = makeBatch(data.train, order, 0, Math.min(size, data.train.count));
          const seconds = time(network, batch, stepsOf(size));
          disposeBatch(batch);
          if (repetition > 0) times[i].push(seconds);
        }
        progress((n + repetition / (repetitions + 1)) / networks.length);
      }
      network.dispose();
      return times.map((list) => rounded(median(list)));
    });
    return timings;
  },
};

/** Measures the time of one step, at rate 0, so that all steps compute with the same weights. */
function time(network: Network, batch: Batch, steps: number): number {
  const began = performance.now();
  for (let i = 0; i < steps; i++) step(network, batch, 0);
  return (performance.now() - began) / 1000 / steps;
}
