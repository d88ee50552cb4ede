import { arm, defineExperiment } from "../experiment.js";
import { lineChart } from "../report/charts.js";
import { percent, percents, summarize } from "../report/numbers.js";
import { classifier, type Training } from "../training/classifier.js";
import type { NetworkSettings } from "../training/network.js";

const networks = {
  "with batch norm": { body: "lenet", activation: "sigmoid", norm: {} },
  without: { body: "lenet", activation: "sigmoid", norm: null },
} satisfies Record<string, NetworkSettings>;

type Name = keyof typeof networks;

/** Above it a network of ten classes has learned something: three times chance. */
const LEARNED = 0.3;

const final = ({ curve, divergedAt }: Training) => (divergedAt === null ? (curve.at(-1)?.test ?? 0) : 0.1);

export const learningRate = defineExperiment({
  name: "learning-rate",
  title: "Larger learning rates become usable",
  lecture: [
    {
      zh: "使用了批量归一化之后，学习率可以调的比较大",
      en: "With batch normalization the learning rate can be set larger",
      where: "Summary",
    },
  ],
  claim: "The largest learning rate at which LeNet with sigmoids learns is at least 3 times larger with batch norm.",
  refutedBy: "a largest usable rate with batch norm that is less than 3 times that without",
  method: `LeNet, batches of 256, plain gradient descent at rates from 0.01 to 30, equally many epochs for all. Usable: mean
test accuracy above ${percent(LEARNED, 0)} at the end.`,

  plan(scale) {
    const rates = scale.full([0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30], [0.1, 1, 3, 10]);
    const settings = { batch: 256, epochs: scale.full(8, 1), images: scale.full(10_000, 5_000), measurements: 1 };
    const arms = Object.entries(networks).flatMap(([, network]) =>
      rates.map((lr) => arm(classifier, { ...settings, network, lr }, scale.seeds(3, 1))),
    );
    return { arms };
  },

  conclude({ arms }) {
    const of = (name: Name) => arms.filter(({ settings }) => (settings.network.norm === null) === (name === "without"));
    const usable = (name: Name) =>
      Math.max(
        ...of(name)
          .filter(({ results }) => summarize(results.map(final)).mean > LEARNED)
          .map((o) => o.settings.lr),
      );
    const [withNorm, without] = [usable("with batch norm"), usable("without")];
    const rates = of("without").map(({ settings }) => settings.lr);
    const row = (name: Name) => [name, ...of(name).map(({ results }) => percents(results.map(final)))];
    return {
      verdict: withNorm >= 3 * without ? "holds" : "does not hold here",
      summary: `Largest usable rate ${withNorm} with batch norm, ${Number.isFinite(without) ? without : "none"} without.`,
      tables: [
        { head: ["test accuracy at rate", ...rates.map(String)], rows: [row("with batch norm"), row("without")] },
      ],
      charts: [
        {
          name: "sweep",
          alt: "Test accuracy over learning rate, with and without batch norm",
          spec: lineChart({
            title: "Test accuracy by learning rate",
            x: { title: "learning rate", scale: "log", values: rates },
            y: { title: "test accuracy", format: "%", domain: [0, 1] },
            marks: true,
            points: (Object.keys(networks) as Name[]).flatMap((series) =>
              of(series).map(({ settings, results }) => {
                const values = results.map(final);
                const y = summarize(values).mean;
                return { series, x: settings.lr, y, low: Math.min(...values), high: Math.max(...values) };
              }),
            ),
          }),
        },
      ],
    };
  },
});
