import * as tf from "@tensorflow/tfjs-core";
import { disposeBatch, makeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import { arm, defineExperiment, type Recipe } from "../experiment.js";
import { compare } from "../measurements/compare.js";
import { foldingBound, foldNorms } from "../measurements/folding.js";
import { derivatives } from "../measurements/jacobian.js";
import { tidied } from "../measurements/tidied.js";
import { lineChart } from "../report/charts.js";
import { figure, mean, percents, sum } from "../report/numbers.js";
import { classifier, classifierWith, stepCost } from "../training/classifier.js";
import { denseLayer, scaleAndShift } from "../training/linear-norms.js";
import { makeNetwork, type Network, type NetworkSettings } from "../training/network.js";
import { Batches, step } from "../training/train.js";

const EPS = 1e-5;
const network = { body: [128, 64], activation: "sigmoid", norm: { eps: EPS } } satisfies NetworkSettings;

/** A trained network beside the one whose normalizations are folded into the layers before them, on test images. */
const folding: Recipe<{ network: NetworkSettings; steps: number; batch: number }, ReturnType<typeof compareFolded>> = {
  name: "linear-folding",
  cost: ({ network, steps, batch }) => steps * stepCost(network, batch) + 1,
  run({ network, steps, batch: size }, { data, seed, progress }) {
    const random = seeded(seed);
    const net = makeNetwork(network, random);
    const batches = new Batches(data.train, size, random);
    for (let i = 0; i < steps; i++) {
      const batch = batches.next();
      step(net, batch, 1);
      disposeBatch(batch);
      progress(i / steps);
    }
    const count = Math.min(1000, data.test.count);
    const batch = makeBatch(
      data.test,
      Uint32Array.from({ length: count }, (_, i) => i),
      0,
      count,
    );
    const result = tidied(() => compareFolded(net, batch.images));
    disposeBatch(batch);
    net.dispose();
    return result;
  },
};

function compareFolded(net: Network, images: tf.Tensor) {
  const folded = foldNorms(net, EPS);
  const [expected, logits] = [net, folded].map((each) => each.forward(images, "running"));
  const beyond = tf.sum(tf.cast(tf.greater(tf.abs(tf.sub(logits, expected)), foldingBound(folded, images)), "int32"));
  const changed = tf.sum(tf.cast(tf.notEqual(tf.argMax(logits, 1), tf.argMax(expected, 1)), "int32"));
  const result = {
    ...compare(logits.dataSync(), expected.dataSync()),
    beyond: beyond.dataSync()[0],
    images: images.shape[0],
    changed: changed.dataSync()[0],
  };
  tf.dispose(folded.variables.filter((each) => !net.variables.includes(each)));
  return result;
}

/** dy_i / dx_j of one channel, in training and by given statistics, and what scaling and adding inputs does. */
const jacobian: Recipe<{ samples: number }, ReturnType<typeof derivatives>> = {
  name: "linear-jacobian",
  cost: ({ samples }) => 0.01 + samples * 0.001,
  run: ({ samples }, { seed }) => tidied(() => derivatives(samples, EPS, seed)),
};

const inPlace = {
  "batch norm": classifier,
  "a dense layer": classifierWith("classifier-dense-layer", denseLayer),
  "gamma and beta only": classifierWith("classifier-scale-shift", scaleAndShift),
};
const names = Object.keys(inPlace) as (keyof typeof inPlace)[];

export const linear = defineExperiment({
  name: "linear",
  title: "Batch norm is a linear layer at inference, and not in training",
  lecture: [
    {
      zh: "BN是做了线性变换，和加一个线性层有什么区别？",
      en: "BN does a linear transformation: how does it differ from adding a linear layer?",
      where: "Q&A 8",
    },
  ],
  claim: `Batch norm is a linear (affine) transformation of each sample, which a linear layer can do as well: at inference, by
given statistics, and in training, by the batch's.`,
  refutedBy: `for inference: logits of a network whose normalizations are folded into its weights and biases that differ by
more than roundings can make. For training: y of one sample depends on another, dy_i / dx_j above 1e-6 of gamma * invstd for
some i other than j. Refuted for one of the two: holds with that condition`,
  method: `Trained networks, dense and LeNet with sigmoids, beside their folded form on test images. The Jacobian of one channel
by the library's gradients beside the formula in float64. Then a dense network (128, 64, sigmoids) trained with a dense layer,
or with gamma and beta alone, in the place of each normalization.`,

  plan(scale) {
    const training = { batch: 256, epochs: scale.full(5, 3), images: scale.full(10_000, 5_000), measurements: 1 };
    const lenet = { body: "lenet", activation: "sigmoid", norm: { eps: EPS } } satisfies NetworkSettings;
    return {
      folding: [
        arm(folding, { network, steps: scale.full(80, 20), batch: 256 }, scale.seeds(3, 1)),
        arm(folding, { network: lenet, steps: scale.full(60, 10), batch: 128 }, scale.seeds(3, 1)),
      ],
      jacobian: [4, 8, 32, 128].map((samples) => arm(jacobian, { samples }, scale.seeds(5, 2))),
      trainings: names.flatMap((name) =>
        scale.full([0.3, 1], [1]).map((lr) => arm(inPlace[name], { ...training, network, lr }, scale.seeds(3, 1))),
      ),
    };
  },

  conclude({ folding, jacobian, trainings }, scale) {
    const folded = folding.flatMap(({ results }) => results);
    const beyond = sum(folded.map((result) => result.beyond));
    const changed = sum(folded.map((result) => result.changed));
    const jacobians = jacobian.flatMap(({ results }) => results);
    const most = (values: readonly (number | null)[]) => Math.max(...values.map((value) => value ?? Infinity));
    const coupled = most(jacobians.map((result) => result.coupled.training));
    const [atInference, inTraining] = [beyond === 0, coupled <= 1e-6];
    const each = trainings.length / names.length;
    const last = names.map((_, i) =>
      trainings
        .slice(i * each, (i + 1) * each)
        .map(({ results }) =>
          results.map(({ curve, divergedAt }) => (divergedAt === null ? (curve.at(-1)?.test ?? null) : 0.1)),
        ),
    );
    const { block } = jacobian[0].results[0];
    return {
      verdict:
        atInference && inTraining
          ? "holds"
          : atInference || inTraining
            ? "holds with a condition"
            : "does not hold here",
      summary:
        `Folded into weights and biases, ${beyond} of ${sum(folded.map(({ values }) => values))} logits are off by more than ` +
        `roundings, and ${changed} of ${sum(folded.map(({ images }) => images))} predictions differ; in training one sample's y ` +
        `depends on another's x by up to ${figure(coupled, 2)} of gamma * invstd.`,
      tables: [
        {
          title: "dy_i / dx_j of four samples, in training (left) and at inference (right):",
          head: ["", ...[1, 2, 3, 4, 1, 2, 3, 4].map((j) => `x${j}`)],
          rows: block[0].map((_, i) => [
            `y${i + 1}`,
            ...block.flatMap((rows) => rows[i].map((value) => figure(value, 2))),
          ]),
        },
        {
          head: [
            "samples",
            "off the formula",
            "sum of a row",
            "its product with xhat",
            "BN(2x) off BN(x)",
            "not additive",
          ],
          rows: jacobian.map(({ settings, results }) => [
            `${settings.samples}`,
            figure(most(results.map(({ error }) => error)), 2),
            figure(most(results.map(({ rowSum }) => rowSum)), 2),
            figure(most(results.map(({ alongXhat }) => alongXhat)), 2),
            figure(most(results.map(({ doubled }) => doubled)), 2),
            figure(mean(results.map(({ notAdditive }) => notAdditive.training ?? Number.NaN)), 2),
          ]),
        },
        {
          head: ["test accuracy at rate", ...trainings.slice(0, each).map(({ settings }) => `${settings.lr}`)],
          rows: names.map((name, i) => [`${name}`, ...last[i].map((values) => percents(values))]),
        },
      ],
      charts: [
        {
          name: "curves",
          alt: "Test accuracy over epochs with batch norm, with a dense layer, and with gamma and beta alone",
          spec: lineChart({
            title: "Test accuracy at learning rate 1",
            x: { title: "epoch" },
            y: { title: "test accuracy", format: "%", domain: [0, 1] },
            marks: true,
            points: names.flatMap((series, i) => {
              const those = trainings.slice(i * each, (i + 1) * each).filter(({ settings }) => settings.lr === 1);
              const curves = those.flatMap(({ results }) => results.map(({ curve }) => curve));
              return curves[0].map(({ epoch }, at) => {
                const values = curves.map((curve) => curve[at]?.test ?? Number.NaN);
                return { series, x: epoch, y: mean(values), low: Math.min(...values), high: Math.max(...values) };
              });
            }),
          }),
        },
      ],
      discussion: [
        `In training a row of the Jacobian, (delta_ij - 1 / m - xhat_i xhat_j / m) gamma invstd, sums to 0, and so does (but for
eps) its product with xhat: whatever the layer above asks for, the gradient that passes cannot move a channel's mean or its
deviation. Twice the input gives the same output (but for eps), which no linear layer does. At inference all this is gone:
folding changed logits by ${figure(most(folded.map(({ relative }) => relative)), 2)} of the largest at most, and the layer
costs nothing. ${scale.quick ? "One rate only: a linear layer in its place may be better at another." : "Rates beyond the table were not tried."}`,
      ],
    };
  },
});
