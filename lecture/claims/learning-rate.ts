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
  refutedBy: `a largest usable rate with batch norm that is less than 3 times that without. Where no rate is usable without, the
claim holds with a condition: only for so short a training.`,
  method: `LeNet, batches of 64, plain gradient descent at rates from 0.03 to 30, equally many steps for all. Usable: mean test
accuracy above ${percent(LEARNED, 0)} at the end, by running statistics; a training that diverged counts as chance.`,

  plan(scale) {
    const rates = scale.full([0.03, 0.1, 0.3, 1, 3, 10, 30], [0.1, 1, 3, 10]);
    // Without batch norm hundreds of steps go by before anything is learned: small batches make these many.
    const settings = { batch: 64, epochs: scale.full(12, 1), images: 5_000, measurements: 1 };
    const arms = Object.entries(networks).flatMap(([, network]) =>
      rates.map((lr) => arm(classifier, { ...settings, network, lr }, scale.seeds(2, 1))),
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
    const best = (name: Name) => {
      const means = of(name).map(({ results }) => summarize(results.map(final)).mean);
      const accuracy = Math.max(...means);
      return `${percent(accuracy)} at ${rates[means.indexOf(accuracy)]}`;
    };
    // 3 * 0.1 is a little more than 0.3.
    const holds = Number.isFinite(withNorm) && withNorm >= Number((3 * without).toPrecision(6));
    const show = (rate: number) => (Number.isFinite(rate) ? `${rate}` : "none");
    const { epochs, images = 0, batch } = arms[0].settings;
    const steps = epochs * Math.ceil(images / batch);
    const discussion = [
      `${steps} steps each. A rate may be unusable because training diverges or stays at chance, or because so few steps at a
small rate lead nowhere; only the first two are a limit from above.`,
    ];
    if (withNorm === Math.max(...rates)) {
      discussion.push("With batch norm the largest rate tried is usable: the limit lies above it.");
    }
    return {
      verdict: !holds ? "does not hold here" : Number.isFinite(without) ? "holds" : "holds with a condition",
      summary: [
        `Largest usable rate ${show(withNorm)} with batch norm and ${show(without)} without;`,
        `best accuracy in ${steps} steps ${best("with batch norm")} with, ${best("without")} without.`,
      ].join(" "),
      discussion,
      tables: [
        {
          head: ["test accuracy at rate", ...rates.map(String)],
          rows: [row("with batch norm"), row("without")],
        },
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
