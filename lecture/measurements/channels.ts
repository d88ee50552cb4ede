import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { disposeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { rounded, stepCost } from "../training/classifier.js";
import { makeNetwork, Network, type NetworkSettings } from "../training/network.js";
import { BatchNorm } from "../training/normalization.js";
import { Batches, step } from "../training/train.js";

export interface ChannelsSettings {
  readonly network: NetworkSettings;
  readonly lr: number;
  readonly batch: number;
  /** Before the measurement. */
  readonly steps: number;
}

/** A channel of a normalization's input, and of its output without gamma and beta. */
export interface Channel {
  /** The mean of the input, over the batch and all positions. */
  readonly mean: number | null;
  readonly deviation: number | null;
  /**
   * The mean and the variance of the output, and the distance of the latter from variance / (variance + eps) of the
   * input.
   */
  readonly outputMean: number | null;
  readonly outputVariance: number | null;
  readonly varianceError: number | null;
  /** Largest magnitude in the output. */
  readonly magnitude: number | null;
  /**
   * The largest magnitude of the output's mean at one position over all images, and of one image over all positions.
   */
  readonly position: number | null;
  readonly image: number | null;
}

export interface NormalizedLayer {
  /** [images, channels] or [images, height, width, channels]. */
  readonly shape: readonly number[];
  readonly channels: readonly Channel[];
}

const EPS = 1e-5;

/** Trains, and then measures every channel before and after each normalization. */
export const normalizedChannels: Recipe<ChannelsSettings, NormalizedLayer[]> = {
  name: "normalized-channels",
  cost: ({ network, batch, steps }) => (steps + 3) * stepCost(network, batch) + 0.2,
  run({ network: settings, lr, batch: size, steps }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = makeNetwork(settings, random);
    const batches = new Batches(data.train, size, random);
    try {
      for (let i = 1; i <= steps; i++) {
        const batch = batches.next();
        step(network, batch, lr);
        disposeBatch(batch);
        progress(i / steps);
      }
      const batch = batches.next();
      const measured = network.layers.flatMap((layer, i) =>
        layer instanceof BatchNorm ? [measure(new Network(network.layers.slice(0, i)), batch.images)] : [],
      );
      disposeBatch(batch);
      return measured;
    } finally {
      network.dispose();
    }
  },
};

function measure(below: Network, images: tf.Tensor): NormalizedLayer {
  const [before, after] = tf.tidy(() => {
    const x = below.forward(images, "batch") as tf.Tensor;
    return [x, batchNormTraining(x, null, null, { eps: EPS }).y];
  });
  const { shape } = before;
  const [x, y] = [before.dataSync(), after.dataSync()];
  tf.dispose([before, after]);
  const [n, c] = [shape[0], shape[shape.length - 1]];
  const positions = x.length / (n * c);
  const channels = Array.from({ length: c }, (_, channel): Channel => {
    const of = (values: ArrayLike<number>) =>
      Float64Array.from({ length: n * positions }, (_, i) => values[i * c + channel]);
    const [input, output] = [of(x), of(y)];
    const [wide, narrow] = [moments(input), moments(output)];
    // Sample i is position i % positions of image floor(i / positions).
    const [atPosition, ofImage] = [new Float64Array(positions), new Float64Array(n)];
    for (const [i, value] of output.entries()) {
      atPosition[i % positions] += value / n;
      ofImage[Math.floor(i / positions)] += value / positions;
    }
    return {
      mean: rounded(wide.mean),
      deviation: rounded(Math.sqrt(wide.variance)),
      outputMean: rounded(narrow.mean),
      outputVariance: rounded(narrow.variance),
      varianceError: rounded(narrow.variance - wide.variance / (wide.variance + EPS)),
      magnitude: rounded(largest(output)),
      position: rounded(largest(atPosition)),
      image: rounded(largest(ofImage)),
    };
  });
  return { shape, channels };
}

function moments(values: Float64Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
