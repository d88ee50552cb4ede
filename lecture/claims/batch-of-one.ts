import { arm, defineExperiment } from "../experiment.js";
import {
  type SingleImagesResult as Result,
  type SingleImagesSettings,
  singleImages,
} from "../measurements/single-images.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { mean, percent, percents } from "../report/numbers.js";
import type { NetworkSettings } from "../training/network.js";

const relu = { activation: "relu", norm: { singleValue: "pass" } } as const;

/** `single` tells whether the last normalization has one value per channel; null without a normalization. */
const networks: readonly { name: string; single: boolean | null; network: SingleImagesSettings["network"] }[] = [
  { name: "dense, normalized", single: true, network: { ...relu, body: [64] } },
  { name: "dense, without", single: null, network: { ...relu, body: [64], norm: null } satisfies NetworkSettings },
  { name: "LeNet, convolutions normalized", single: false, network: { ...relu, body: "lenet", where: [0, 1] } },
  { name: "LeNet, all normalized", single: true, network: { ...relu, body: "lenet" } },
  { name: "1x1 maps, normalized", single: true, network: "1x1 maps" },
];

/** Above it a network of ten classes has learned something: three times chance. */
const LEARNED = 0.3;

/** Tells whether no bit of the layers below can be learned. */
const isDead = ({ layer, changed, otherLogits }: Result) =>
  layer !== null && layer.notBeta + layer.dx + layer.dgamma + changed + otherLogits === 0;

export const batchOfOne = defineExperiment({
  name: "batch-of-one",
  title: "With batches of one image nothing can be learned",
  lecture: [
    {
      zh: "如果对批量大小为1的小批量进行批量归一化，将无法学到任何东西（因为在减去均值之后，每个隐藏层单元将为0）",
      en: "With batches of one nothing can be learned (less its mean, every hidden unit is 0)",
      where: "Notes 1",
    },
  ],
  claim: `With one image a batch, batch norm gives exactly beta in every bit, dx and dgamma are exactly 0, no bit of what is
below it changes in training, and the logits of all images are the same in every bit.`,
  refutedBy: `one bit in a layer with one value per channel (dense, or of 1x1 maps): then it does not hold. Where all of it holds
there, but a network whose maps are larger reaches a mean accuracy above ${percent(LEARNED, 0)}, it holds with the condition that
there is one value per channel.`,
  method: `Networks with ReLU, plain gradient descent at a rate of 0.01 with one training image a step. The option singleValue
is "pass", which computes what the lecture speaks of. The last normalization is also given the first image, random gamma,
beta and dy. Accuracy: on test images one at a time, normalized as in training.`,

  plan(scale) {
    const settings = { lr: 0.01, steps: scale.full(2000, 400), tested: scale.full(1000, 300) };
    return { arms: networks.map(({ network }) => arm(singleImages, { ...settings, network }, scale.seeds(3, 1))) };
  },

  conclude({ arms }) {
    const all = networks.map((network, i) => ({ ...network, results: arms[i].results }));
    const single = all.filter((entry) => entry.single).flatMap(({ results }) => results);
    const maps = all.filter((entry) => entry.single === false).flatMap(({ results }) => results);
    const plain = all.filter((entry) => entry.single === null).flatMap(({ results }) => results);
    const accuracy = (results: readonly Result[]) => mean(results.map(({ alone }) => alone));
    const holds = single.every(isDead);
    const total = (of: (result: Result) => number) => single.map(of).reduce((sum, value) => sum + value, 0);
    const refusals = single.flatMap(({ layer }) => layer?.refusal ?? []);
    const accepted = maps.filter(({ layer }) => layer?.refusal === null);
    const outOf = (part: number, of: number) => `${part} of ${of}`;
    return {
      verdict: !holds ? "does not hold here" : accuracy(maps) > LEARNED ? "holds with a condition" : "holds",
      summary: [
        `With one value per channel ${total((r) => r.layer?.notBeta ?? 0)} values of y are not beta,`,
        `${total((r) => (r.layer?.dx ?? 0) + (r.layer?.dgamma ?? 0))} of dx and dgamma are not 0, and`,
        `${outOf(
          total((r) => r.changed),
          total((r) => r.below),
        )} values below change in ${arms[0].settings.steps} steps: accuracy`,
        `${percent(accuracy(single))}; behind convolutions with larger maps ${percent(accuracy(maps))}.`,
      ].join(" "),
      tables: [
        {
          title: "The last normalization and one image, in numbers of values",
          head: ["", "shape of x", "y not beta", "dx not 0", "dgamma not 0"],
          rows: all.flatMap(({ name, results: [{ layer }], results }) => {
            if (layer === null) return [];
            const most = (of: "notBeta" | "dx" | "dgamma") => Math.max(...results.map((r) => r.layer?.[of] ?? 0));
            const channels = layer.shape[layer.shape.length - 1];
            return [
              [
                name,
                `[${layer.shape.join(", ")}]`,
                outOf(most("notBeta"), layer.values),
                outOf(most("dx"), layer.values),
                outOf(most("dgamma"), channels),
              ],
            ];
          }),
        },
        {
          title: `After ${arms[0].settings.steps} steps of one image`,
          head: ["", "values below that changed", "logits all the same", "accuracy", "by running statistics"],
          rows: all.map(({ name, results }) => [
            name,
            outOf(Math.max(...results.map(({ changed }) => changed)), results[0].below),
            results.every(({ otherLogits }) => otherLogits === 0) ? "yes" : "no",
            percents(results.map(({ alone }) => alone)),
            percents(results.map(({ running }) => running)),
          ]),
        },
      ],
      charts: [
        {
          name: "training",
          alt: "Accuracy in training with one image a step, by network",
          spec: lineChart({
            title: "Training with one image a step",
            x: { title: "steps" },
            y: { title: "accuracy on the images, before their steps", format: "%", domain: [0, 1] },
            // Nothing tells 1x1 maps from the dense network.
            points: all.slice(0, -1).flatMap(({ name, results }) =>
              results[0].curve.map(({ step }, i) => ({
                series: name,
                x: step,
                ...overSeeds(results.map(({ curve }) => curve[i].accuracy)),
              })),
            ),
          }),
        },
      ],
      discussion: [
        `"Below" is what comes before the last normalization, or before the output layer where there is none. What can be
learned above it are the frequencies of the classes; without batch norm the dense network reaches ${percent(accuracy(plain))}
with the same images and steps.`,
        `Without the option the library refused ${outOf(refusals.length, single.length)} batches with one value per channel, with
\`${refusals[0] ?? ""}\`. It accepted ${outOf(accepted.length, maps.length)} with larger maps.`,
      ],
    };
  },
});
