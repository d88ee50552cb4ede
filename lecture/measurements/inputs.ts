import * as tf from "@tensorflow/tfjs-core";
import { mean, quantileSorted } from "simple-statistics";
import { countRight, disposeBatch, makeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { rounded, stepCost } from "../training/classifier.js";
import { type Mode, makeNetwork, Network, type NetworkSettings } from "../training/network.js";
import { Batches, step } from "../training/train.js";

export interface InputsSettings {
  readonly network: NetworkSettings;
  readonly lr: number;
  readonly batch: number;
  /** Standard deviation of the initial weights. */
  readonly deviation: number;
  readonly steps: number;
  /** Steps from one measurement to the next. */
  readonly interval: number;
}

export interface InputsPoint {
  readonly step: number;
  readonly test: number;
  /** 15th, 50th and 85th percentile of the input of the first sigmoid of the last hidden layer, by the batch's statistics. */
  readonly input: readonly (number | null)[];
}

export interface InputsResult {
  readonly curve: readonly InputsPoint[];
  /** Mean over intervals and units of |change of the median| / spread, by the statistics that the network normalizes with. */
  readonly drift: { readonly batch: number | null; readonly running: number | null };
}

export const modes = ["batch", "running"] as const;

/** Trains from Gaussian weights, and follows the distribution of what goes into the last hidden layer's activation. */
export const trainingWithInputs: Recipe<InputsSettings, InputsResult> = {
  name: "inputs",
  cost: ({ network, batch, steps, interval }, { test }) =>
    steps * stepCost(network, batch) + (steps / interval) * test.count * 0.00006,
  run({ network: settings, lr, batch: size, deviation, steps, interval }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = makeNetwork(settings, random);
    for (const variable of network.variables.filter(({ rank }) => rank === 2)) {
      tf.tidy(() => variable.assign(tf.tensor(random.normal(variable.size, deviation), variable.shape)));
    }
    const batches = new Batches(data.train, size, random);
    const order = Uint32Array.from({ length: data.test.count }, (_, i) => i);
    const test = makeBatch(data.test, order, 0, order.length);
    // The last activation and the output layer, and everything before.
    const [below, above] = [new Network(network.layers.slice(0, -2)), new Network(network.layers.slice(-2))];
    const measure = (mode: Mode) =>
      tf.tidy(() => {
        const input = below.forward(test.images, mode);
        const right = countRight(above.forward(input, mode), test.labels);
        return { accuracy: right / data.test.count, units: percentiles(input) };
      });
    const curve: InputsPoint[] = [];
    const last: Partial<Record<Mode, number[][]>> = {};
    const changes: Record<(typeof modes)[number], number[]> = { batch: [], running: [] };
    try {
      for (let i = 0; i <= steps; i++) {
        if (i % interval === 0) {
          const measured = { batch: measure("batch"), running: measure("running") };
          for (const mode of modes) {
            const { units } = measured[mode];
            const before = last[mode];
            if (before) changes[mode].push(...units.map((unit, u) => Math.abs(unit[1] - before[u][1]) / spread(unit)));
            last[mode] = units;
          }
          curve.push({ step: i, test: measured.running.accuracy, input: measured.batch.units[0].map(rounded) });
        }
        if (i === steps) break;
        const batch = batches.next();
        step(network, batch, lr);
        disposeBatch(batch);
        progress(i / steps);
      }
      return { curve, drift: { batch: rounded(mean(changes.batch)), running: rounded(mean(changes.running)) } };
    } finally {
      disposeBatch(test);
      network.dispose();
    }
  },
};

/** Returns the percentiles of every column. */
function percentiles(x: tf.Tensor2D): number[][] {
  const [rows, columns] = x.shape;
  const values = tf.transpose(x).dataSync();
  return Array.from({ length: columns }, (_, c) => {
    const sorted = values.slice(c * rows, (c + 1) * rows).sort() as Float32Array;
    return [0.15, 0.5, 0.85].map((p) => quantileSorted(sorted as unknown as number[], p));
  });
}

/** Half of what lies between the 15th and the 85th percentile: about a standard deviation, were the values normal. */
const spread = ([low, , high]: readonly number[]) => (high - low) / 2;
