import { arm, defineExperiment } from "../experiment.js";
import { lineChart } from "../report/charts.js";
import { figure, mean, percents, summarize } from "../report/numbers.js";
import { classifier, classifierWith, type Training } from "../training/classifier.js";
import { PartialNorm } from "../training/partial-norm.js";

const kinds = {
  both: { name: "mean and deviation", recipe: classifier, norm: {} },
  none: { name: "neither", recipe: classifier, norm: null },
  mean: {
    name: "mean only",
    recipe: classifierWith("classifier-mean-only", (channels) => new PartialNorm(channels, "mean")),
    norm: {},
  },
  deviation: {
    name: "deviation only",
    recipe: classifierWith("classifier-deviation-only", (channels) => new PartialNorm(channels, "deviation")),
    norm: {},
  },
} as const;
type Kind = keyof typeof kinds;

/** Chance, where a training diverged. */
const final = ({ curve, divergedAt }: Training) => (divergedAt === null ? (curve.at(-1)?.test ?? 0.1) : 0.1);

export const meanOrVarianceOnly = defineExperiment({
  name: "mean-or-variance-only",
  title: "Both the mean and the deviation are needed",
  lecture: [
    {
      zh: "首先规一化输入（通过减去均值并除以其标准差，其中均值和标准差都是基于当前小批量处理得来的）",
      en: "First the input is normalized, by subtracting its mean and dividing by its deviation, both of the current batch",
      where: "Principle",
    },
  ],
  claim: `Both are needed (the book's chapter asks in an exercise whether one would do): after the same number of epochs, each
at its best learning rate, a network with both is more accurate than one with either alone.`,
  refutedBy: `one with the mean only or with the deviation only whose mean accuracy over seeds, at its best rate, is not below
that of both by more than twice the standard error of the difference. If that is so of one of the two, the claim holds for the
other: with a condition`,
  method: `A dense network with sigmoids (64, 64, 64), batches of 256, plain gradient descent at several rates; test accuracy
by running statistics. Each half is normalization by given statistics, with gamma and beta, where the other half is 0 or 1;
gradients go through the batch's statistic.`,

  plan(scale) {
    const rates = scale.full([0.03, 0.1, 0.3, 1, 3], [0.1, 1, 3]);
    const settings = { batch: 256, epochs: scale.full(4, 3), images: scale.full(10_000, 3_000), measurements: 1 };
    const arms = (kind: Kind) => {
      const network = { body: [64, 64, 64], activation: "sigmoid", norm: kinds[kind].norm } as const;
      return rates.map((lr) => arm(kinds[kind].recipe, { ...settings, network, lr }, scale.seeds(3, 1)));
    };
    return { both: arms("both"), none: arms("none"), mean: arms("mean"), deviation: arms("deviation") };
  },

  conclude(outcomes) {
    const names = Object.keys(kinds) as Kind[];
    const accuracy = (kind: Kind) => outcomes[kind].map(({ results }) => results.map(final));
    const best = (kind: Kind) => {
      const means = accuracy(kind).map((values) => mean(values));
      const at = means.indexOf(Math.max(...means));
      return { lr: outcomes[kind][at].settings.lr, values: accuracy(kind)[at] };
    };
    const both = summarize(best("both").values);
    const isNeeded = (other: Kind) => {
      const half = summarize(best(other).values);
      const error = Math.sqrt((both.deviation ** 2 + half.deviation ** 2) / both.count);
      return both.mean - half.mean > 2 * error;
    };
    // The network with the mean only lacks the deviation.
    const [deviationNeeded, meanNeeded] = [isNeeded("mean"), isNeeded("deviation")];
    const rates = outcomes.both.map(({ settings }) => settings.lr);
    const shown = (kind: Kind) => `${percents(best(kind).values)} (rate ${figure(best(kind).lr, 1)})`;
    return {
      verdict:
        deviationNeeded && meanNeeded
          ? "holds"
          : deviationNeeded || meanNeeded
            ? "holds with a condition"
            : "does not hold here",
      summary:
        `Best test accuracy with both ${shown("both")}, mean only ${shown("mean")}, deviation only ${shown("deviation")}, ` +
        `neither ${shown("none")}.`,
      tables: [
        {
          head: ["test accuracy at rate", ...rates.map((rate) => `${rate}`)],
          rows: names.map((kind) => [kinds[kind].name, ...accuracy(kind).map((values) => percents(values))]),
        },
      ],
      charts: [
        {
          name: "rates",
          alt: "Test accuracy over learning rate with both halves of the normalization, with either, and with neither",
          spec: lineChart({
            title: "Test accuracy by learning rate",
            x: { title: "learning rate", scale: "log", values: rates, domain: [rates[0], rates[rates.length - 1]] },
            y: { title: "test accuracy", format: "%", domain: [0, 1] },
            marks: true,
            points: names.flatMap((kind) =>
              accuracy(kind).map((values, i) => ({
                series: kinds[kind].name,
                x: rates[i],
                y: mean(values),
                low: Math.min(...values),
                high: Math.max(...values),
              })),
            ),
          }),
        },
      ],
      discussion: [
        `By this criterion the deviation ${deviationNeeded ? "is needed beside the mean" : "is not needed beside the mean"}, and the
mean ${meanNeeded ? "is needed beside the deviation" : "is not needed beside the deviation"}. Of the two, ${mean(best("mean").values) > mean(best("deviation").values) ? "the mean" : "the deviation"}
alone came closer to both, and ${mean(best("none").values) > Math.min(mean(best("mean").values), mean(best("deviation").values)) ? "not both halves were" : "either half was"}
better than no normalization.`,
      ],
    };
  },
});
