import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { type Batch, disposeBatch, makeBatch } from "../../examples/common/batches.js";
import type { Dataset } from "../../examples/common/fashion-mnist.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { mean } from "../report/numbers.js";
import { rounded, stepCost } from "../training/classifier.js";
import { gradientsOf, length } from "../training/gradients.js";
import { makeNetwork, type Network, type NetworkSettings } from "../training/network.js";
import { Batches, evaluate } from "../training/train.js";

/** Weights of the hidden layers, whose scale a normalization after them takes away. */
const hiddenWeights = (network: Network) => network.variables.filter(({ rank }) => rank === 2).slice(0, -1);

const multiply = (variables: readonly tf.Variable[], factor: number) =>
  tf.tidy(() => {
    for (const variable of variables) variable.assign(tf.mul(variable, factor));
  });

const fixedBatch = (data: Dataset, count: number): Batch =>
  makeBatch(
    data,
    Uint32Array.from({ length: count }, (_, i) => i),
    0,
    count,
  );

export interface ScalingSettings {
  readonly network: NetworkSettings & { readonly body: readonly number[] };
  readonly batch: number;
  /** Logarithms to base 2 of the factors of the weights: a power of 2 multiplies without rounding. */
  readonly exponents: readonly number[];
  readonly eps: number;
}

export interface ScalingPoint {
  readonly factor: number;
  /** Values of the normalized first layer and of all gradients, the latter times the factor, with other bits than at 1. */
  readonly otherOutputs: number;
  readonly otherGradients: number;
  /** Greatest change of the normalized output. */
  readonly drift: number | null;
  /**
   * The part that eps explains: the largest |y| * |sqrt((v + eps) / (v + eps / a^2)) - 1|, with v the variance at
   * factor 1.
   */
  readonly expected: number | null;
  /** Greatest distance from the explained output, in units of its rounding errors. */
  readonly unexplained: number | null;
  /** The gradient of the first hidden layer, divided by that at factor 1. */
  readonly gradient: number | null;
}

/** Scales all hidden weights of an untrained network, and compares outputs and gradients bit by bit. */
export const scaling: Recipe<ScalingSettings, ScalingPoint[]> = {
  name: "scaling",
  cost: ({ network, batch, exponents }) => (exponents.length + 1) * (0.05 + 2 * stepCost(network, batch)),
  run({ network: settings, batch: size, exponents, eps }, { data, seed }) {
    const network = makeNetwork({ ...settings, norm: { eps } }, seeded(seed));
    const weights = hiddenWeights(network);
    const batch = fixedBatch(data.train, size);
    const measure = () => {
      const { values } = gradientsOf(network, batch, "batch");
      const hidden = values.filter((_, i) => weights.includes(network.variables[i]));
      const gradients = hidden.map((gradient) => gradient.dataSync().slice());
      const first = length([hidden[0]]);
      tf.dispose([...values]);
      const layer = tf.tidy(() => {
        const x = tf.matMul(tf.reshape(batch.images, [size, -1]) as tf.Tensor2D, weights[0] as tf.Tensor2D);
        const result = batchNormTraining(x, null, null, { eps });
        const [input, y, mean, variance] = [x, result.y, result.mean, result.variance].map((t) => t.dataSync().slice());
        return { input, y, mean, variance };
      });
      return { gradients, first, ...layer };
    };
    try {
      const one = measure();
      const channels = one.mean.length;
      return exponents.map((exponent) => {
        const factor = 2 ** exponent;
        multiply(weights, factor);
        const scaled = measure();
        multiply(weights, 1 / factor);
        let [drift, expected, unexplained] = [0, 0, 0];
        for (const [i, y] of scaled.y.entries()) {
          const [mean, variance] = [one.mean[i % channels], one.variance[i % channels]];
          const ratio = Math.sqrt((variance + eps) / (variance + eps / factor ** 2));
          // Both have the same mean and variance, but for the factor, to the last bit. Then each rounds at most six times
          // (sum with eps, root, quotient, two products, difference) by 2^-24 of (|x| + |mean|) / deviation.
          const roundings = (12 * 2 ** -24 * (Math.abs(one.input[i]) + Math.abs(mean))) / Math.sqrt(variance);
          drift = Math.max(drift, Math.abs(y - one.y[i]));
          expected = Math.max(expected, Math.abs(one.y[i]) * Math.abs(ratio - 1));
          unexplained = Math.max(unexplained, Math.abs(y - ratio * one.y[i]) / (roundings * Math.max(1, ratio)));
        }
        const other = (a: ArrayLike<number>, b: ArrayLike<number>, times: number) =>
          Array.from(a, (value, i) => (value * times === b[i] ? 0 : 1)).reduce((sum: number, n) => sum + n, 0);
        return {
          factor,
          otherOutputs: other(scaled.y, one.y, 1),
          otherGradients: scaled.gradients.reduce((sum, g, i) => sum + other(g, one.gradients[i], factor), 0),
          drift: rounded(drift),
          expected: rounded(expected),
          unexplained: rounded(unexplained),
          gradient: rounded(scaled.first / one.first),
        };
      });
    } finally {
      disposeBatch(batch);
      network.dispose();
    }
  },
};

export interface DecaySettings {
  readonly network: NetworkSettings;
  readonly lr: number;
  readonly batch: number;
  readonly steps: number;
  /** Steps from one measurement to the next. */
  readonly interval: number;
  /** Factor of the initial hidden weights. */
  readonly scale: number;
  /** The weight decay, for the hidden weights only. */
  readonly weightDecay: number;
  /** "rate": in place of the decay, a rate for the hidden weights that grows as decay lets the effective one grow. */
  readonly by: "decay" | "rate";
}

export interface DecayPoint {
  readonly step: number;
  readonly test: number;
  /** Euclidean length of all hidden weights. */
  readonly norm: number | null;
}

export interface DecayResult {
  readonly curve: readonly DecayPoint[];
  /** The logits of some test images at the end, by the statistics of these images. */
  readonly logits: readonly (number | null)[];
}

/**
 * Trains with weight decay, or with an equal training for weights w whose scale has no effect. After t steps let c_t =
 * (1 - lr * decay)^t. Then w / c_t gives the same functions without decay at the rate lr / (c_t * c_(t+1)), because the
 * gradient at w / c is c times that at w.
 */
export const decayTraining: Recipe<DecaySettings, DecayResult> = {
  name: "decay",
  cost: ({ network, batch, steps, interval }, { test }) =>
    steps * stepCost(network, batch) + (steps / interval) * test.count * 0.00002,
  run({ network: settings, lr, batch: size, steps, interval, scale, weightDecay, by }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = makeNetwork(settings, random);
    const weights = hiddenWeights(network);
    multiply(weights, scale);
    const batches = new Batches(data.train, size, random);
    const probe = fixedBatch(data.test, 200);
    const curve: DecayPoint[] = [];
    const measure = (step: number) =>
      curve.push({ step, test: evaluate(network, data.test, "running").accuracy, norm: rounded(length(weights)) });
    try {
      measure(0);
      for (let i = 0; i < steps; i++) {
        const batch = batches.next();
        const { values } = gradientsOf(network, batch, "training");
        const shrink = 1 - lr * weightDecay;
        for (const [v, variable] of network.variables.entries()) {
          const isHidden = weights.includes(variable);
          const keep = isHidden && by === "decay" ? shrink : 1;
          const rate = isHidden && by === "rate" ? lr * shrink ** -(2 * i + 1) : lr;
          tf.tidy(() => variable.assign(tf.sub(tf.mul(variable, keep), tf.mul(values[v], rate))));
        }
        tf.dispose([...values]);
        disposeBatch(batch);
        progress((i + 1) / steps);
        if ((i + 1) % interval === 0) measure(i + 1);
      }
      const logits = tf.tidy(() => network.forward(probe.images, "batch").dataSync().slice(0, 100));
      return { curve, logits: Array.from(logits, rounded) };
    } finally {
      disposeBatch(probe);
      network.dispose();
    }
  },
};

/** Root of the mean square of the differences of the logits; NaN where one of them diverged. */
export const distance = (a: DecayResult, b: DecayResult) =>
  Math.sqrt(mean(a.logits.map((value, i) => ((value ?? NaN) - (b.logits[i] ?? NaN)) ** 2)));
