import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { seeded } from "../../scripts/common/random.js";
import { arm, defineExperiment, type Recipe } from "../experiment.js";
import { compare } from "../measurements/compare.js";
import { textbook } from "../measurements/textbook.js";
import { tidied } from "../measurements/tidied.js";
import { lineChart } from "../report/charts.js";
import { figure, percents, sum } from "../report/numbers.js";
import { classifier, rounded } from "../training/classifier.js";

const ways = {
  kernels: "the kernels",
  twoPasses: "float32, variance as mean((x - mean)^2)",
  onePass: "float32, variance as mean(x^2) - mean(x)^2",
} as const;
type Way = keyof typeof ways;

/** Computes xhat of rows in one of the ways: by the kernels, or by operations of TensorFlow.js. */
function xhat(way: Way, x: tf.Tensor, eps: number): tf.Tensor {
  if (way === "kernels") return batchNormTraining(x, null, null, { eps }).y;
  const mean = tf.mean(x, 0);
  const variance =
    way === "twoPasses" ? tf.mean(tf.square(tf.sub(x, mean)), 0) : tf.sub(tf.mean(tf.square(x), 0), tf.square(mean));
  return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, eps)));
}

type Settings = { readonly way: Way; readonly eps: number };
const rows = 200;
const constants = [0, 1e-3, 1 / 3, -1000.1, 1e4 / 3, 1e15];

/** Channels whose values are all the same, and channels whose mean is a million deviations from 0. */
const hardChannels: Recipe<Settings, ReturnType<typeof normalizeHard>> = {
  name: "eps-hard-channels",
  cost: () => 0.1,
  run: (settings, { seed }) => tidied(() => normalizeHard(settings, seed)),
};

function normalizeHard({ way, eps }: Settings, seed: number) {
  const random = seeded(seed);
  const [dy, beta] = [random.normal(rows * constants.length, 1), random.normal(constants.length, 1)];
  const x = tf.tensor2d(
    Float32Array.from(dy, (_, i) => constants[i % constants.length]),
    [rows, constants.length],
  );
  const b = tf.tensor1d(beta);
  const f = (x: tf.Tensor) => tf.add(xhat(way, x, eps), b);
  const y = f(x).dataSync();
  const dx = tf.grad(f)(x, tf.tensor2d(dy, x.shape)).dataSync();
  const channels = 8;
  const far = random.normal(rows * channels, 1e-2, 1e4);
  const exact = textbook(far, channels, (i) => i % channels, eps);
  const error = compare(xhat(way, tf.tensor2d(far, [rows, channels]), eps).dataSync(), exact.xhat).relative;
  return {
    values: y.length,
    notBeta: y.filter((value, i) => value !== beta[i % beta.length]).length,
    notFinite: [...y, ...dx].filter((value) => !Number.isFinite(value)).length,
    // The largest distance from beta, of finite values.
    farthest: rounded(Math.max(0, ...[...y].map((value, i) => Math.abs(value - beta[i % beta.length]) || 0))),
    error,
  };
}

const deviations = Array.from({ length: 25 }, (_, i) => 10 ** (-7 + i / 3));

/** The deviation of xhat by that of x. */
const smallDeviations: Recipe<{ eps: number }, (number | null)[]> = {
  name: "eps-small-deviations",
  cost: () => 0.1,
  run: ({ eps }, { seed }) =>
    tidied(() => {
      const values = seeded(seed).normal(rows, 1);
      return deviations.map((deviation) => {
        const x = tf.tensor2d(
          values.map((value) => deviation * value),
          [rows, 1],
        );
        const { variance } = textbook(xhat("kernels", x, eps).dataSync(), 1, () => 0, 0);
        return rounded(Math.sqrt(variance[0]));
      });
    }),
};

export const eps = defineExperiment({
  name: "eps",
  title: "What eps is for, and what it does besides",
  lecture: [
    {
      zh: "方差的估计值中有一个小的常量 ε > 0，作用是为了确保在做归一化时除数永远不等于零",
      en: "The estimate of the variance holds a small constant ε > 0, which ensures that the divisor is never zero",
      where: "Core idea",
    },
  ],
  claim: `With any eps > 0 a constant channel gives exactly beta and finite gradients, and with eps = 0 the formula does not.
A channel far from 0 (mean 1e4, deviation 1e-2) keeps its accuracy whatever eps.`,
  refutedBy: `with eps > 0, a constant channel whose y differs from beta or a gradient that is not finite in the kernels, or an
error above 1e-6 of the largest value for the channel far from 0, which is what the library promises; or, with eps = 0, no
value that is not finite in either formula in plain float32`,
  method: `Constant channels and channels far from 0 through the kernels and through two formulas for the variance in
TensorFlow.js' float32 operations, compared with
float64 on the same float32 values. Then the deviation that eps leaves of a small one, and a dense
network (128, 64, ReLU, batch norm before it, batches of 256, rate 0.3) trained with several eps.`,

  plan(scale) {
    const training = {
      batch: 256,
      lr: 0.3,
      epochs: scale.full(4, 2),
      images: scale.full(10_000, 4_000),
      measurements: 0.01,
    };
    const sizes = [1e-12, 1e-8, 1e-5, 1e-3, 0.1, 1, 100];
    const network = (eps: number) => ({ body: [128, 64], activation: "relu", norm: { eps } }) as const;
    return {
      hard: (Object.keys(ways) as Way[]).flatMap((way) =>
        [0, 1e-12, 1e-5, 1e-3].map((eps) => arm(hardChannels, { way, eps }, scale.seeds(5, 3))),
      ),
      small: [0, 1e-12, 1e-8, 1e-5, 1e-3].map((eps) => arm(smallDeviations, { eps }, [1])),
      trainings: scale
        .full(sizes, [1e-12, 1e-5, 1e-3, 1, 100])
        .map((eps) => arm(classifier, { ...training, network: network(eps) }, scale.seeds(3, 1))),
    };
  },

  conclude({ hard, small, trainings }) {
    const of = (way: Way, eps: (eps: number) => boolean) =>
      hard.filter(({ settings }) => settings.way === way && eps(settings.eps)).flatMap(({ results }) => results);
    const positive = (eps: number) => eps > 0;
    const kernels = of("kernels", positive);
    const count = (results: readonly ReturnType<typeof normalizeHard>[], what: "notBeta" | "notFinite" | "values") =>
      sum(results.map((result) => result[what]));
    const error = (results: readonly ReturnType<typeof normalizeHard>[]) =>
      Math.max(...results.map(({ error }) => error ?? Infinity));
    const withoutEps = [...of("twoPasses", (eps) => eps === 0), ...of("onePass", (eps) => eps === 0)];
    const bad = count(kernels, "notBeta") + count(kernels, "notFinite");
    const holds = bad === 0 && error(kernels) <= 1e-6 && count(withoutEps, "notFinite") > 0;
    const accuracy = trainings.map(({ results }) => results.map(({ curve }) => curve.at(-1)?.test ?? null));
    const oneWay = of("onePass", positive);
    return {
      verdict: holds ? "holds" : "does not hold here",
      summary:
        `With eps > 0, ${count(kernels, "notBeta")} of ${count(kernels, "values")} values of constant channels differ from beta ` +
        `and ${count(kernels, "notFinite")} values or gradients are not finite; with eps = 0 the formulas in float32 give ` +
        `${count(withoutEps, "notFinite")} that are not. Far from 0 the kernels' error is ${figure(error(kernels), 2)}.`,
      tables: [
        {
          head: ["", "eps", "constant: not beta", "farthest from beta", "not finite", "far from 0: error"],
          rows: hard.map(({ settings, results }) => [
            ways[settings.way],
            figure(settings.eps, 1),
            `${count(results, "notBeta")} of ${count(results, "values")}`,
            figure(Math.max(...results.map(({ farthest }) => farthest ?? Infinity)), 2),
            `${count(results, "notFinite")}`,
            Number.isFinite(error(results)) ? figure(error(results), 2) : "not finite",
          ]),
        },
        {
          head: ["eps", ...trainings.map(({ settings }) => figure(settings.network.norm?.eps ?? null, 1))],
          rows: [["test accuracy", ...accuracy.map((values) => percents(values))]],
        },
      ],
      charts: [
        {
          name: "deviations",
          alt: "Deviation after normalization over deviation before, by eps",
          spec: lineChart({
            title: "What eps leaves of small deviations",
            x: { title: "deviation of x", scale: "log", values: [-7, -5, -3, -1, 1].map((n) => 10 ** n), format: "~e" },
            y: { title: "deviation of xhat", domain: [0, 1.05] },
            points: small.flatMap(({ settings, results }) =>
              deviations.map((x, i) => ({ series: `eps ${figure(settings.eps, 1)}`, x, y: results[0][i] })),
            ),
          }),
        },
      ],
      discussion: [
        `An eps above 0 keeps the divisor from 0 only if the variance is not negative. As mean(x^2) - mean(x)^2 in float32 it can
be, for a channel far from 0: with eps > 0 that formula gave ${count(oneWay, "notFinite")} values or gradients that are not
finite. In float32 the mean of equal values need not be that value; what is left is then divided by a deviation of sqrt(eps)
(column "farthest from beta"). The kernels find a constant channel by its values. With eps = 0 they take 1 / 0 as 0, so that y
is beta.`,
        `A channel whose variance is below eps stays smaller than the others: where the deviation of x is sqrt(eps), that of
xhat is 0.71.`,
      ],
    };
  },
});
