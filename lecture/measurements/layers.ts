import * as tf from "@tensorflow/tfjs-core";
import { disposeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { rounded, stepCost } from "../training/classifier.js";
import { gradientsOf, length } from "../training/gradients.js";
import { makeNetwork, type NetworkSettings } from "../training/network.js";
import { Batches, estimate, evaluate, step } from "../training/train.js";

export interface LayersSettings {
  readonly network: NetworkSettings & { readonly body: readonly number[] };
  readonly lr: number;
  readonly batch: number;
  readonly steps: number;
}

/** The lengths of dw, and |dw| / |w|, for each hidden layer from the input. They are means of a few batches. */
export interface Layers {
  readonly gradient: readonly (number | null)[];
  readonly relative: readonly (number | null)[];
}

export interface LayersResult {
  readonly start: Layers;
  readonly end: Layers;
  readonly test: number;
}

/** Batches of a measurement. */
export const MEASURED = 4;

/** Trains a dense network, and compares the gradients of its layers before and after. */
export const gradientsByLayer: Recipe<LayersSettings, LayersResult> = {
  name: "gradients-by-layer",
  cost: ({ network, batch, steps }) => (steps + 12 * MEASURED) * stepCost(network, batch),
  run({ network: settings, lr, batch: size, steps }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = makeNetwork(settings, random);
    const batches = new Batches(data.train, size, random);
    const isHidden = network.variables.map(({ rank }) => rank === 2);
    isHidden[isHidden.lastIndexOf(true)] = false;
    const weights = network.variables.filter((_, i) => isHidden[i]);
    const measure = (): Layers => {
      const sums = weights.map(() => 0);
      for (let k = 0; k < MEASURED; k++) {
        const batch = batches.next();
        const { values } = gradientsOf(network, batch, "batch");
        for (const [i, gradient] of values.filter((_, i) => isHidden[i]).entries()) sums[i] += length([gradient]);
        tf.dispose([...values]);
        disposeBatch(batch);
      }
      const gradient = sums.map((sum) => sum / MEASURED);
      const relative = gradient.map((value, i) => value / length([weights[i]]));
      return { gradient: gradient.map(rounded), relative: relative.map(rounded) };
    };
    try {
      const start = measure();
      for (let i = 1; i <= steps; i++) {
        const batch = batches.next();
        step(network, batch, lr);
        disposeBatch(batch);
        progress(i / steps);
      }
      const end = measure();
      // Running statistics lag behind so much in a deep network that they would say nothing about its weights.
      estimate(network, data.train, 2000);
      return { start, end, test: evaluate(network, data.test, "precise").accuracy };
    } finally {
      network.dispose();
    }
  },
};
