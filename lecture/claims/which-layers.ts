import { arm, defineExperiment } from "../experiment.js";
import { dotChart, lineChart, overSeeds } from "../report/charts.js";
import { mean, percent, percents } from "../report/numbers.js";
import { classifier, type Training } from "../training/classifier.js";
import type { NetworkSettings } from "../training/network.js";

const WITH = "with batch norm";
const WITHOUT = "without";
const activations = ["sigmoid", "relu"] as const;
type Activation = (typeof activations)[number];

/** Test accuracy at the end, by precise statistics; chance for a run that diverged. */
const final = ({ curve, divergedAt }: Training) => (divergedAt === null ? (curve.at(-1)?.precise ?? 0.1) : 0.1);

const widths = (depth: number): readonly number[] => Array.from({ length: depth }, () => 64);

/** The depth of the network for the ablation. */
const DEPTH = 4;
const layers = widths(DEPTH).map((_, i) => i);

export const whichLayers = defineExperiment({
  name: "which-layers",
  title: "Shallow and deep MLPs, one layer and all of them",
  lecture: [
    { zh: "batch norm能用在mlp中吗？", en: "Can batch norm be used in an MLP?", where: "Q&A 4" },
    {
      zh: "BN层是不是一般用于深层网络，浅层mlp加上BN好像不好？",
      en: "Are BN layers not for deep networks in general; does adding them to a shallow MLP not seem bad?",
      where: "Q&A 5",
    },
    {
      zh: "批量归一化可应用于单个可选层，也可应用于所有层",
      en: "Batch normalization can be applied to a single layer of choice, and to all layers",
      where: "Principle",
    },
  ],
  claim: `(1) In MLPs batch norm gains more test accuracy at 8 hidden layers than at 1, with sigmoids and with relus. (2) At 1
hidden layer it gains less than 1 point. (3) In an MLP of ${DEPTH} layers of sigmoids batch norm in one of them, whichever,
gains too, and in all of them most.`,
  refutedBy: `(1) a gain at the greatest depth that is not above that at 1 layer, with both activations: the claim does not
hold; with one of them, or (2) a gain of 1 point or more at 1 layer with either, or (3) a layer that alone gains nothing, or
gains more than all together: it holds with a condition.`,
  method: `MLPs of layers of 64 units, batches of 128, plain gradient descent, equally many epochs; each network at the best of
the rates 0.1 and 0.5. Ablation at rate 0.5. Test accuracy at the end, by precise statistics.`,

  plan(scale) {
    const epochs = scale.full(6, 4);
    const images = scale.full(8000, 4000);
    const training = { batch: 128, epochs, images, precise: true, measurements: 1 / epochs };
    const depths = scale.full([1, 2, 4, 8], [1, 8]).flatMap((depth) =>
      activations.flatMap((activation) =>
        [{}, null].flatMap((norm) =>
          [0.1, 0.5].map((lr) => {
            const network: NetworkSettings = { body: widths(depth), activation, norm };
            return arm(classifier, { ...training, network, lr }, scale.seeds(3, 1));
          }),
        ),
      ),
    );
    const body: NetworkSettings = { body: widths(DEPTH), activation: "sigmoid", norm: {} };
    const chosen = [...layers.map((i) => [i]), ...layers.map((i) => layers.filter((other) => other !== i))];
    const ablation = [body, { ...body, norm: null }, ...chosen.map((where) => ({ ...body, where }))].map((network) =>
      arm(classifier, { ...training, network, lr: 0.5 }, scale.seeds(3, 1)),
    );
    return { depths, ablation };
  },

  conclude({ depths: arms, ablation }) {
    const depths = [...new Set(arms.map(({ settings }) => settings.network.body.length))];
    /** The result at the best learning rate. */
    const best = (depth: number, activation: Activation, name: string) =>
      arms
        .filter(({ settings: { network } }) => network.body.length === depth && network.activation === activation)
        .filter(({ settings: { network } }) => (network.norm === null) === (name === WITHOUT))
        .map(({ settings, results }) => ({ lr: settings.lr, values: results.map(final) }))
        .reduce((a, b) => (mean(b.values) > mean(a.values) ? b : a));
    const gain = (depth: number, activation: Activation) =>
      mean(best(depth, activation, WITH).values) - mean(best(depth, activation, WITHOUT).values);
    const [shallow, deep] = [depths[0], depths[depths.length - 1]];
    const growing = activations.filter((activation) => gain(deep, activation) > gain(shallow, activation)).length;
    const isSmall = activations.every((activation) => gain(shallow, activation) < 0.01);

    const labels = ["all layers", "none", ...layers.map((i) => `only layer ${i + 1}`)];
    const values = ablation.map(({ results }) => results.map(final));
    const all = labels.concat(layers.map((i) => `all but layer ${i + 1}`));
    const [every, none, ...single] = values.slice(0, labels.length).map((list) => mean(list));
    const isOneEnough = single.every((value) => value > none && value <= every);
    const points = (value: number) => `${value > 0 ? "+" : ""}${(100 * value).toFixed(1)}`;
    const gains = (depth: number) => activations.map((name) => `${points(gain(depth, name))} (${name})`).join(" and ");
    return {
      verdict:
        growing === 0
          ? "does not hold here"
          : growing === activations.length && isSmall && isOneEnough
            ? "holds"
            : "holds with a condition",
      summary: [
        `Batch norm gains ${gains(shallow)} points at ${shallow} hidden layer, ${gains(deep)} at ${deep}; of ${DEPTH} layers`,
        `of sigmoids, ${percent(none)} without, ${percent(Math.min(...single))} to ${percent(Math.max(...single))} with it in`,
        `one of them, ${percent(every)} in all.`,
      ].join(" "),
      tables: [
        {
          title: "Test accuracy at the best rate, and the rate",
          head: [
            "hidden layers",
            ...activations.flatMap((name) => [`${name}, ${WITH}`, `${name}, ${WITHOUT}`, "gain"]),
          ],
          rows: depths.map((depth) => [
            `${depth}`,
            ...activations.flatMap((activation) => [
              ...[WITH, WITHOUT].map((name) => {
                const { lr, values } = best(depth, activation, name);
                return `${percents(values)} (${lr})`;
              }),
              points(gain(depth, activation)),
            ]),
          ]),
        },
        {
          title: `Batch norm in some of ${DEPTH} hidden layers of sigmoids (layer 1 is next to the data)`,
          head: ["batch norm in", "test accuracy"],
          rows: all.map((label, i) => [label, percents(values[i])]),
        },
      ],
      charts: [
        {
          name: "depth",
          alt: "Test accuracy by number of hidden layers, with and without batch norm",
          spec: lineChart({
            title: "Test accuracy of MLPs, each at its best rate",
            x: { title: "hidden layers", values: depths },
            y: { title: "test accuracy", format: "%" },
            marks: true,
            points: activations.flatMap((panel) =>
              [WITH, WITHOUT].flatMap((series) =>
                depths.map((x) => ({ panel, series, x, ...overSeeds(best(x, panel, series).values) })),
              ),
            ),
          }),
        },
        {
          name: "ablation",
          alt: "Test accuracy with batch norm in some of four hidden layers",
          spec: dotChart({
            title: `Batch norm in some of ${DEPTH} hidden layers of sigmoids`,
            value: { title: "test accuracy", format: "%" },
            bars: all.map((label, i) => {
              const { y, low, high } = overSeeds(values[i]);
              return { label, value: y ?? Number.NaN, low, high };
            }),
          }),
        },
      ],
    };
  },
});
