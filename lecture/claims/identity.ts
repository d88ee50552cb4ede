import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { disposeBatch } from "../../examples/common/batches.js";
import { pixels } from "../../examples/common/fashion-mnist.js";
import { seeded } from "../../scripts/common/random.js";
import { arm, defineExperiment, type Recipe } from "../experiment.js";
import { compare } from "../measurements/compare.js";
import { textbook } from "../measurements/textbook.js";
import { tidied } from "../measurements/tidied.js";
import { lineChart } from "../report/charts.js";
import { figure, mean, percent, percents, sum } from "../report/numbers.js";
import { rounded } from "../training/classifier.js";
import { BatchNorm } from "../training/normalization.js";
import { Batches } from "../training/train.js";

const EPS = 1e-5;
/** Unit roundoff of float32. */
const U = 2 ** -24;
/**
 * The kernels sum float32 in blocks of at most 18 additions about a point at most two deviations from the mean: the mean is
 * off by 18 U sqrt(5) deviations at most. invstd, half as far off as the variance, is within the library's 1e-6.
 */
const MEAN_ERROR = 18 * Math.sqrt(5) * U;
const VARIANCE_ERROR = 1e-6;
/** Part of x's variance that has to be restored. */
const RESTORED = 0.95;

type Shape = readonly [rows: number, channels: number];

/** y by gamma = sqrt(variance + eps) and beta = mean, and how far from x it is. */
const exact: Recipe<{ shape: Shape; mean: number; deviation: number }, ReturnType<typeof restore>> = {
  name: "identity-exact",
  cost: ({ shape: [rows, channels] }) => 0.01 + rows * channels * 2e-7,
  run: ({ shape, mean, deviation }, { seed }) =>
    tidied(() => restore(seeded(seed).normal(shape[0] * shape[1], deviation, mean), shape)),
};

function restore(x: Float32Array, [rows, channels]: Shape) {
  const { mean, variance } = textbook(x, channels, (i) => i % channels, EPS);
  const gamma = tf.tensor1d(Float32Array.from(variance, (value) => Math.sqrt(value + EPS)));
  const beta = tf.tensor1d(Float32Array.from(mean));
  const y = batchNormTraining(tf.tensor2d(x, [rows, channels]), gamma, beta, { eps: EPS }).y.dataSync();
  let [beyond, unchanged] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const c = i % channels;
    // These values are rounded: x - mean, its product with SCALE, gamma, SCALE, beta, the term of the mean's low part,
    // and y. The kernels' mean and variance also have errors.
    const ofStatistics = MEAN_ERROR * Math.sqrt(variance[c]) + VARIANCE_ERROR * Math.abs(x[i] - mean[c]);
    const ofRoundings = 4 * U * Math.abs(x[i] - mean[c]) + 2 * U * Math.abs(mean[c]) + U * Math.abs(x[i]);
    if (Math.abs(y[i] - x[i]) > ofStatistics + ofRoundings) beyond++;
    if (y[i] === x[i]) unchanged++;
  }
  return { values: x.length, beyond, unchanged, relative: compare(y, x).relative };
}

/** Learns gamma and beta so that the layer returns its input: features of images with various means and deviations. */
const learned: Recipe<{ batch: number; steps: number; lr: number; fixed: boolean }, Learned> = {
  name: "identity-learned",
  cost: ({ batch, steps }) => steps * (0.002 + batch * 2e-5),
  run({ batch: size, steps, lr, fixed }, { data, seed, progress }) {
    const random = seeded(seed);
    const features = 32;
    const weights = tf.tensor2d(random.normal(pixels * features, 0.1), [pixels, features]);
    const shift = tf.tensor1d(random.uniform(features, 5));
    const norm = new BatchNorm(features, { eps: EPS });
    const variables = norm.variables;
    const batches = new Batches(data.train, size, random);
    const lost: (number | null)[] = [];
    const every = Math.max(1, Math.floor(steps / 50));
    for (let i = 0; i < steps; i++) {
      const batch = batches.next();
      const part = tidied(() => {
        const x = tf.add(tf.matMul(tf.reshape(batch.images, [-1, pixels]) as tf.Tensor2D, weights), shift);
        const error = () => tf.mean(tf.squaredDifference(norm.apply(x, "training"), x)) as tf.Scalar;
        const { value, grads } = tf.variableGrads(error, variables);
        // The mean over channels makes each channel's gradient as much smaller.
        for (const each of fixed ? [] : variables) each.assign(tf.sub(each, tf.mul(grads[each.name], lr * features)));
        return value.dataSync()[0] / mean([...tf.moments(x, 0).variance.dataSync()]);
      });
      disposeBatch(batch);
      if (i % every === 0 || i === steps - 1) lost.push(rounded(part));
      progress(i / steps);
    }
    tf.dispose([weights, shift, ...variables]);
    return { every, lost };
  },
};

type Learned = { readonly every: number; readonly lost: readonly (number | null)[] };

export const identity = defineExperiment({
  name: "identity",
  title: "Gamma and beta can give back what normalization takes, and learn to",
  lecture: [
    {
      zh: "作用是假设分布在某一均值和方差下不合适，就可以通过学习一个新的均值和方法，使得神经网络输出的分布更好",
      en: "If mean 0 and variance 1 do not suit, a new mean and variance can be learned, for a better distribution of outputs",
      where: "Core idea",
    },
  ],
  claim: `With gamma = sqrt(variance + eps) and beta = mean the layer is the identity, to roundings of float32. Where a task
needs the identity, gradient descent finds them.`,
  refutedBy: `a value that differs from x by more than roundings can make, or less than ${percent(RESTORED, 0)} of the
variance of x given back at the end of a training whose loss is the mean of (y - x)^2`,
  method: `Random x of several shapes, means and deviations. Then 32 random linear features of Fashion-MNIST images, shifted by
up to 5, as both x and target of a batch normalization, whose gamma and beta start at 1 and 0; batches of 256 images, so that
mean and deviation are another batch's at each step.`,

  plan(scale) {
    const shapes: Shape[] = [
      [2, 7],
      [64, 33],
      [1000, 64],
    ];
    const distributions: [number, number][] = [
      [0, 1],
      [5, 0.1],
      [-300, 20],
      [1e4, 1e-2],
    ];
    const training = { batch: 256, steps: scale.full(400, 150), lr: 0.05 };
    return {
      exact: shapes.flatMap((shape) =>
        distributions.map(([mean, deviation]) => arm(exact, { shape, mean, deviation }, scale.seeds(5, 3))),
      ),
      learned: [false, true].map((fixed) => arm(learned, { ...training, fixed }, scale.seeds(3, 1))),
    };
  },

  conclude({ exact, learned }) {
    const results = exact.flatMap(({ results }) => results);
    const of = (name: "values" | "beyond" | "unchanged", from = results) => sum(from.map((result) => result[name]));
    const trainingsOf = (fixed: boolean) =>
      learned.filter(({ settings }) => settings.fixed === fixed).flatMap((o) => o.results);
    const restored = trainingsOf(false).map(({ lost }) => 1 - (lost.at(-1) ?? Infinity));
    const holds = of("beyond") === 0 && mean(restored) >= RESTORED;
    const distributions = [...new Set(exact.map(({ settings }) => `${settings.mean} ${settings.deviation}`))];
    const names = { learned: "gamma and beta learned", fixed: "gamma 1, beta 0" };
    return {
      verdict: holds ? "holds" : "does not hold here",
      summary:
        `${of("beyond")} of ${of("values")} values differ from x by more than roundings; learned gamma and beta give back ` +
        `${percents(restored, 2)} of the variance of x.`,
      tables: [
        {
          head: ["gamma = sqrt(variance + eps), beta = mean", "values", "equal bits", "largest difference, relative"],
          rows: distributions.map((name) => {
            const [mean, deviation] = name.split(" ");
            const same = exact.filter(({ settings }) => `${settings.mean} ${settings.deviation}` === name);
            const those = same.flatMap(({ results }) => results);
            return [
              `mean ${mean}, deviation ${deviation}`,
              `${of("values", those)}`,
              percent(of("unchanged", those) / of("values", those)),
              figure(Math.max(...those.map(({ relative }) => relative ?? Infinity)), 2),
            ];
          }),
        },
      ],
      charts: [
        {
          name: "lost",
          alt: "Part of the variance of x that y does not give back, over steps, with learned and with fixed gamma and beta",
          spec: lineChart({
            title: "What y lacks of x while gamma and beta are learned",
            x: { title: "step" },
            y: {
              title: "mean of (y - x)^2 over the variance of x",
              scale: "log",
              values: [-3, -2, -1, 0, 1].map((n) => 10 ** n),
            },
            points: ([false, true] as const).flatMap((fixed) =>
              trainingsOf(fixed)[0].lost.map((_, i) => {
                const values = trainingsOf(fixed).map(({ lost }) => lost[i] ?? Number.NaN);
                const x = Math.min(i * trainingsOf(fixed)[0].every, learned[0].settings.steps - 1);
                const ends = { low: Math.min(...values), high: Math.max(...values) };
                return { series: fixed ? names.fixed : names.learned, x, y: mean(values), ...ends };
              }),
            ),
          }),
        },
      ],
      discussion: [
        `What is left at the end is the noise of the batch: gamma and beta are the same for all batches, mean and deviation are each
batch's own. Of values that are about normally
distributed, a mean and a deviation of m are off by about 1 / sqrt(m) and 1 / sqrt(2 m) of a deviation, so that some
1.5 / m of the variance, ${percent(1.5 / learned[0].settings.batch, 1)} here, cannot be given back.`,
      ],
    };
  },
});
