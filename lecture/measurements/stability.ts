import * as tf from "@tensorflow/tfjs-core";
import { type Batch, disposeBatch, makeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { mean } from "../report/numbers.js";
import { rounded, stepCost } from "../training/classifier.js";
import { makeNetwork, Network, type NetworkSettings } from "../training/network.js";
import { NoisyBatchNorm } from "../training/noise.js";
import { Batches, evaluate, step } from "../training/train.js";
import { covariateShift, type Shift, type Smoothness, smoothness } from "./landscape.js";

export interface StabilitySettings {
  readonly network: NetworkSettings;
  /** Noise after every normalization; its landscape, which is another at each pass, is not measured. */
  readonly noise: boolean;
  readonly lr: number;
  readonly batch: number;
  readonly steps: number;
  /** Steps from one measurement to the next. */
  readonly interval: number;
}

export interface StabilityPoint {
  readonly step: number;
  /** Accuracy since the last measurement, each batch before its step, and on the test images by running statistics. */
  readonly accuracy: number;
  readonly test: number;
  /**
   * The mean absolute change of a unit's mean in the last step, in units of its standard deviation. The units are the
   * inputs of the last hidden layer's activation, on fixed images.
   */
  readonly drift: number | null;
  readonly landscape: { readonly [name in keyof (Smoothness & Shift)]: number | null } | null;
}

export const stability: Recipe<StabilitySettings, StabilityPoint[]> = {
  name: "stability",
  cost({ network, noise, batch, steps, interval }, { test }) {
    const landscape = noise ? 0 : 12 * stepCost(network, batch);
    const perStep = stepCost(network, batch) + (noise ? 0.004 : 0);
    return steps * perStep + (steps / interval) * (landscape + test.count * 0.000015);
  },
  run({ network: settings, noise, lr, batch: size, steps, interval }, { data, seed, progress }) {
    const random = seeded(seed);
    const noises = seeded(seed + 1000); // its own generator keeps the order of the images the same
    const network = makeNetwork(
      settings,
      random,
      noise ? (channels) => new NoisyBatchNorm(channels, noises) : undefined,
    );
    const batches = new Batches(data.train, size, random);
    const fixed = makeBatch(
      data.train,
      Uint32Array.from({ length: 256 }, (_, i) => i),
      0,
      256,
    );
    const curve: StabilityPoint[] = [];
    let [right, seen] = [0, 0];
    try {
      for (let i = 1; i <= steps; i++) {
        const isMeasured = i % interval === 0;
        const before = isMeasured ? moments(network, fixed) : null;
        const batch = batches.next();
        const landscape =
          isMeasured && !noise ? { ...smoothness(network, batch, lr), ...covariateShift(network, batch, lr) } : null;
        right += step(network, batch, lr).right;
        seen += batch.labels.length;
        disposeBatch(batch);
        progress(i / steps);
        if (before === null) continue;
        const after = moments(network, fixed);
        const changes = after.mean.map((value, u) => Math.abs(value - before.mean[u]) / before.deviation[u]);
        const test = evaluate(network, data.test, "running").accuracy;
        const kept = landscape && Object.fromEntries(Object.entries(landscape).map(([k, v]) => [k, rounded(v)]));
        curve.push({
          step: i,
          accuracy: right / seen,
          test,
          drift: rounded(mean(changes)),
          landscape: kept as StabilityPoint["landscape"],
        });
        [right, seen] = [0, 0];
      }
      return curve;
    } finally {
      disposeBatch(fixed);
      network.dispose();
    }
  },
};

/** Computes the moments of the inputs of the last hidden layer's activation. */
function moments(network: Network, batch: Batch): { mean: number[]; deviation: number[] } {
  return tf.tidy(() => {
    const input = new Network(network.layers.slice(0, -2)).forward(batch.images, "batch");
    const { mean, variance } = tf.moments(input, 0);
    return { mean: [...mean.dataSync()], deviation: [...tf.sqrt(variance).dataSync()] };
  });
}
