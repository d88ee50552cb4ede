import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { disposeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import { arm, defineExperiment, type Recipe } from "../experiment.js";
import { tidied } from "../measurements/tidied.js";
import { lineChart } from "../report/charts.js";
import { figure, mean, percent, percents, sum } from "../report/numbers.js";
import { BiasedNorm } from "../training/biased-norm.js";
import { classifier, classifierWith, rounded, stepCost } from "../training/classifier.js";
import { makeNetwork, type NormMaker } from "../training/network.js";
import { Batches, step } from "../training/train.js";

/** Unit roundoff of float32. */
const U = 2 ** -24;
/** Accuracies are the same if their means over seeds are within it. */
const NOISE = 0.02;

const network = { body: [128, 64], activation: "sigmoid", norm: {} } as const;

const biased: NormMaker = (channels, where) => new BiasedNorm(channels, where);
const classifierWithBias = classifierWith("classifier-bias", biased);

/** BN(x + b) beside BN(x), and the gradient of b. */
const redundancy: Recipe<{ rows: number; channels: number; size: number }, ReturnType<typeof shift>> = {
  name: "bias-redundancy",
  cost: ({ rows, channels }) => 0.02 + rows * channels * 4e-7,
  run: ({ rows, channels, size }, { seed }) => tidied(() => shift(rows, channels, size, seed)),
};

function shift(rows: number, channels: number, size: number, seed: number) {
  const random = seeded(seed);
  const [x, dy] = [random.normal(rows * channels, 1), random.normal(rows * channels, 1)];
  const [shape, biases] = [[rows, channels] as [number, number], random.uniform(channels, size)];
  const [input, bias] = [tf.tensor2d(x, shape), tf.tensor1d(biases)];
  const f = (x: tf.Tensor, bias: tf.Tensor) => batchNormTraining(tf.add(x, bias)).y;
  const [plain, { y, variance }] = [batchNormTraining(input).y.dataSync(), batchNormTraining(tf.add(input, bias))];
  const [moved, variances] = [y.dataSync(), variance.dataSync()];
  const [dx, db] = tf
    .grads(f)([input, bias], tf.tensor2d(dy, shape))
    .map((gradient) => gradient.dataSync());
  const [largestX, largestY, largestDy] = [x, plain, dy].map((values) => Math.max(...[...values].map(Math.abs)));
  let beyond = 0;
  let difference = 0;
  const limit = new Float64Array(channels);
  for (let i = 0; i < x.length; i++) {
    const c = i % channels;
    const invstd = 1 / Math.sqrt(variances[c] + 1e-3);
    // x + b is rounded, which moves x, the mean and, by as much again, the deviation; and each y is within the library's
    // 1e-6 of the largest.
    const off = U * (Math.abs(biases[c]) + largestX) * invstd * (2 + 2 * Math.abs(plain[i])) + 2e-6 * largestY;
    difference = Math.max(difference, Math.abs(moved[i] - plain[i]));
    if (Math.abs(moved[i] - plain[i]) > off) beyond++;
    // A dx is off by four roundings of its three terms, and by those of the blocks of 18 additions that the kernels sum in
    // float32; the sum of the rows by as many roundings of each.
    const terms = Math.abs(dy[i]) + largestDy * (1 + Math.abs(plain[i]));
    limit[c] += 22 * U * invstd * terms + rows * U * Math.abs(dx[i]);
  }
  const dbeta = Array.from({ length: channels }, (_, c) => Math.abs(sum([...dy].filter((_, i) => i % channels === c))));
  return {
    values: x.length,
    beyond,
    difference: rounded(difference),
    // The gradient divided by that of beta, which a bias without normalization would have.
    gradient: rounded(mean([...db].map(Math.abs)) / mean(dbeta)),
    gradientBeyond: db.filter((value, c) => Math.abs(value) > limit[c]).length,
  };
}

/** Measures how far weights and biases move in training, as root mean squares. */
const moves: Recipe<
  { steps: number; batch: number; lr: number },
  { moves: { step: number; bias: number; weight: number }[] }
> = {
  name: "bias-moves",
  cost: ({ steps, batch }) => steps * stepCost(network, batch),
  run({ steps, batch: size, lr }, { data, seed, progress }) {
    const random = seeded(seed);
    const net = makeNetwork(network, random, biased);
    const batches = new Batches(data.train, size, random);
    const bias = net.layers.flatMap((layer) => (layer instanceof BiasedNorm ? [layer.bias] : []));
    const weight = net.variables.filter(({ rank }) => rank === 2).slice(0, bias.length);
    const [biasAt, weightAt] = [bias, weight].map((variables) => variables.map((each) => each.dataSync().slice()));
    const moved = (variables: tf.Variable[], before: ArrayLike<number>[]) => {
      const squares = variables.flatMap((each, i) =>
        [...each.dataSync()].map((value, j) => (value - before[i][j]) ** 2),
      );
      return rounded(Math.sqrt(mean(squares))) as number;
    };
    const results = [];
    for (let i = 1; i <= steps; i++) {
      const batch = batches.next();
      step(net, batch, lr);
      disposeBatch(batch);
      progress(i / steps);
      if (i % Math.ceil(steps / 20) === 0)
        results.push({ step: i, bias: moved(bias, biasAt), weight: moved(weight, weightAt) });
    }
    net.dispose();
    return { moves: results };
  },
};

export const bias = defineExperiment({
  name: "bias",
  title: "A bias before a normalization does nothing",
  lecture: [
    {
      zh: "批量归一化层通常置于全连接层中的仿射变换和激活函数之间",
      en: "A batch normalization usually stands between the affine map of a dense layer and its activation",
      where: "Dense layer",
    },
    {
      zh: "对里面的每一个样本减去均值除以标准差，再乘以γ，最后再加上β",
      en: "From each sample the mean is subtracted, it is divided by the deviation, multiplied by γ, and at last β is added",
      where: "Core idea",
    },
  ],
  claim: `The affine map needs no bias b, whose part β takes (an exercise of the book's chapter asks so): BN(Wx + b) = BN(Wx),
and b has gradient 0, to roundings of float32; networks with it and without reach the same accuracy.`,
  refutedBy: `a value or a gradient that is off by more than roundings can make, or test accuracies that differ by more than
${percent(NOISE, 0)} (means over seeds)`,
  method: `Random x and biases of several sizes. Then a dense network (128, 64, sigmoids, batches of 256, rate 1) without
biases before its normalizations, and with some that start at random in [-1, 1).`,

  plan(scale) {
    const training = {
      batch: 256,
      lr: 1,
      epochs: scale.full(8, 3),
      images: scale.full(10_000, 5_000),
      measurements: 1,
    };
    const shapes: [number, number][] = [
      [4, 5],
      [256, 64],
      [2000, 10],
    ];
    return {
      redundancy: [0.1, 1, 10, 1000].flatMap((size) =>
        shapes.map(([rows, channels]) => arm(redundancy, { rows, channels, size }, scale.seeds(5, 3))),
      ),
      moves: [arm(moves, { steps: scale.full(200, 40), batch: 256, lr: 1 }, scale.seeds(3, 1))],
      without: [arm(classifier, { ...training, network }, scale.seeds(3, 1))],
      withBias: [arm(classifierWithBias, { ...training, network }, scale.seeds(3, 1))],
    };
  },

  conclude({ redundancy, moves, without, withBias }) {
    const results = redundancy.flatMap(({ results }) => results);
    const beyond = sum(results.map(({ beyond, gradientBeyond }) => beyond + gradientBeyond));
    const last = ([{ results }]: typeof without) => results.map(({ curve }) => curve.at(-1)?.test ?? Number.NaN);
    const [plain, biased] = [last(without), last(withBias)];
    const off = Math.abs(mean(plain) - mean(biased));
    const end = moves[0].results.map(({ moves }) => moves[moves.length - 1]);
    const sizes = [...new Set(redundancy.map(({ settings }) => settings.size))];
    return {
      verdict: beyond === 0 && off <= NOISE ? "holds" : "does not hold here",
      summary:
        `${beyond} of ${sum(results.map(({ values }) => values))} values, or gradients of b, are off by more than roundings; ` +
        `test accuracy ${percents(plain)} without b, ${percents(biased)} with it. In training b moves by ` +
        `${figure(mean(end.map(({ bias }) => bias)), 2)}, weights by ${figure(mean(end.map(({ weight }) => weight)), 2)}.`,
      tables: [
        {
          head: ["b up to", "largest difference of y", "gradient of b over that of beta"],
          rows: sizes.map((size) => {
            const those = redundancy.filter(({ settings }) => settings.size === size).flatMap(({ results }) => results);
            const largest = (name: "difference" | "gradient") =>
              figure(Math.max(...those.map((result) => result[name] ?? Infinity)), 2);
            return [`${size}`, largest("difference"), largest("gradient")];
          }),
        },
      ],
      charts: [
        {
          name: "moves",
          alt: "How far weights and biases below normalizations move in training",
          spec: lineChart({
            title: "How far weights and biases before a normalization have moved",
            x: { title: "step" },
            y: {
              title: "root mean square",
              scale: "log",
              values: [-10, -8, -6, -4, -2].map((n) => 10 ** n),
              format: "~e",
            },
            points: (["weight", "bias"] as const).flatMap((series) =>
              moves[0].results[0].moves.map(({ step }, i) => {
                const values = moves[0].results.map(({ moves }) => moves[i][series]);
                return { series, x: step, y: mean(values), low: Math.min(...values), high: Math.max(...values) };
              }),
            ),
          }),
        },
      ],
    };
  },
});
