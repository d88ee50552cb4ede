import { disposeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { rounded, stepCost } from "../training/classifier.js";
import { makeNetwork, type NetworkSettings } from "../training/network.js";
import type { BatchNorm, Statistics } from "../training/normalization.js";
import { Batches, evaluate, first, step } from "../training/train.js";

export interface AveragesSettings {
  readonly network: NetworkSettings;
  readonly lr: number;
  readonly batch: number;
  readonly images: number;
  readonly epochs: number;
  /** More epochs, with the weights as they then are. */
  readonly frozen: number;
  /** Weights of the new batch; 1: the last batch alone; 0: all batches equally ("cumulative"). */
  readonly momenta: readonly number[];
}

/** The error of one average in one layer, as root mean squares over its units. */
export interface AverageError {
  /** The error (average mean - true mean) / true standard deviation. */
  readonly mean: number | null;
  /** The error average standard deviation / true standard deviation - 1. */
  readonly deviation: number | null;
}

export interface AveragesPoint {
  readonly epoch: number;
  readonly frozen: boolean;
  /** The first index is the momentum, in the order of the settings. The second is the layer, from the input. */
  readonly errors: readonly (readonly AverageError[])[];
  /** Test accuracy by each of them, and by the true statistics. */
  readonly test: readonly number[];
  readonly precise: number;
}

/** Trains with several moving averages side by side, and compares them with the statistics of all training images. */
export const movingAverages: Recipe<AveragesSettings, readonly AveragesPoint[]> = {
  name: "moving-averages",
  cost({ network, batch, images, epochs, frozen, momenta }, { train, test }) {
    const count = Math.min(images, train.count);
    const judged = (momenta.length + 1) * test.count + count;
    const trained = (epochs + 0.35 * frozen) * Math.ceil(count / batch) * stepCost(network, batch);
    return trained + (epochs + frozen) * judged * 0.35 * (stepCost(network, 1000) / 1000);
  },
  run({ network: settings, lr, batch: size, images, epochs, frozen, momenta }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = makeNetwork(settings, random);
    const train = first(data.train, images);
    const batches = new Batches(train, size, random);
    const averages = momenta.map((momentum) => ({
      momentum,
      layers: network.norms.map(({ channels }) => initial(channels)),
    }));
    const points: AveragesPoint[] = [];
    try {
      for (let epoch = 1; epoch <= epochs + frozen; epoch++) {
        for (let i = 0; i < batches.perEpoch; i++) {
          const batch = batches.next();
          step(network, batch, epoch <= epochs ? lr : 0);
          disposeBatch(batch);
          const count = (epoch - 1) * batches.perEpoch + i + 1;
          for (const { momentum, layers } of averages) {
            for (const [l, norm] of network.norms.entries()) follow(layers[l], norm.batch, momentum || 1 / count);
          }
        }
        // All images in one batch, so that each layer's input is normalized by the statistics of all images, too.
        for (const norm of network.norms) norm.beginEstimate();
        evaluate(network, train, "estimate", train.count);
        const whole = network.norms.map((norm) => norm.endEstimate());
        points.push({
          epoch,
          frozen: epoch > epochs,
          errors: averages.map(({ layers }) => layers.map((average, l) => errorOf(average, whole[l]))),
          test: averages.map(({ layers }) =>
            accuracyBy(layers, network.norms, () => evaluate(network, data.test, "running")),
          ),
          precise: evaluate(network, data.test, "precise").accuracy,
        });
        progress(epoch / (epochs + frozen));
      }
      return points;
    } finally {
      network.dispose();
    }
  },
};

/** Returns initial running statistics. */
function initial(channels: number): Statistics {
  return { mean: new Float64Array(channels), variance: new Float64Array(channels).fill(1) };
}

function follow(average: Statistics, batch: Statistics | null, momentum: number): void {
  if (batch === null) throw new Error("no batch went through in training");
  for (const name of ["mean", "variance"] as const) {
    const values = average[name];
    for (let c = 0; c < values.length; c++) values[c] += momentum * (batch[name][c] - values[c]);
  }
}

function errorOf(average: Statistics, whole: Statistics): AverageError {
  let [mean, deviation] = [0, 0];
  for (let c = 0; c < whole.mean.length; c++) {
    mean += (average.mean[c] - whole.mean[c]) ** 2 / whole.variance[c];
    deviation += (Math.sqrt(average.variance[c] / whole.variance[c]) - 1) ** 2;
  }
  const units = whole.mean.length;
  return { mean: rounded(Math.sqrt(mean / units)), deviation: rounded(Math.sqrt(deviation / units)) };
}

/** Measures the accuracy with `layers` as running statistics, and restores the old ones. */
function accuracyBy(layers: readonly Statistics[], norms: readonly BatchNorm[], measure: () => { accuracy: number }) {
  const kept = norms.map(({ running }) => ({ mean: running.mean.slice(), variance: running.variance.slice() }));
  const set = (all: readonly Statistics[]) => {
    for (const [l, { running }] of norms.entries()) {
      running.mean.set(all[l].mean);
      running.variance.set(all[l].variance);
    }
  };
  set(layers);
  const { accuracy } = measure();
  set(kept);
  return accuracy;
}
