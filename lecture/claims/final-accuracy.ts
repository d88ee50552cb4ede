import { arm, defineExperiment } from "../experiment.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { mean, percent, percents, summarize } from "../report/numbers.js";
import { classifier, type Training } from "../training/classifier.js";
import { lenetMethod, lenetRuns } from "../training/lenet-runs.js";
import type { NetworkSettings } from "../training/network.js";

/** Epochs at the end whose accuracies are averaged, against the noise of single ones. */
const LAST = 3;
/** Differences of accuracy that nobody would call a change. */
const SMALL = 0.01;
/** A network at chance gains nothing either, and has not converged. */
const LEARNED = 0.3;

const dense: NetworkSettings = { body: [128, 64], activation: "relu", norm: {} };

const final = ({ curve }: Training) => mean(curve.slice(-LAST).map(({ precise }) => precise ?? Number.NaN));
/** Returns the gain in test accuracy from the third to the last quarter of the epochs. */
const gained = ({ curve }: Training) => {
  const quarter = Math.max(1, Math.floor(curve.length / 4));
  const [before, last] = [curve.slice(-2 * quarter, -quarter), curve.slice(-quarter)].map((points) =>
    mean(points.map(({ precise }) => precise ?? Number.NaN)),
  );
  return last - before;
};

export const finalAccuracy = defineExperiment({
  name: "final-accuracy",
  title: "It does not change the final accuracy",
  lecture: [
    {
      zh: "但一般不改变模型精度",
      en: "In general it does not change the accuracy of the model",
      where: "Summary",
    },
  ],
  claim: `Trained long enough, networks with and without batch norm have the same test accuracy: they differ by less than
${percent(SMALL, 0)} or by less than twice the standard deviation of the difference.`,
  refutedBy: `a greater difference of both networks (a dense one, LeNet) at the end, with and without batch norm converged: in
the last quarter of the epochs test accuracy is less than ${percent(SMALL, 0)} above that of the quarter before. Where one has not
converged, or one network alone differs, it holds with a condition.`,
  method: `${lenetMethod}; a dense network of 128 and 64 relus, batches of 128, rate 0.1 for both. Test accuracy by precise
statistics, mean of the last ${LAST} epochs.`,

  plan(scale) {
    const training = {
      ...{ batch: 128, lr: 0.1, epochs: scale.full(60, 12), measurements: scale.full(0.5, 1), precise: true },
      ...scale.full({}, { images: 3000 }),
    };
    const lenet = lenetRuns(scale);
    return {
      lenet: [...lenet.withNorm, ...lenet.without],
      dense: [dense, { ...dense, norm: null }].map((network) =>
        arm(classifier, { ...training, network }, scale.seeds(3, 1)),
      ),
    };
  },

  conclude({ lenet, dense }) {
    const cases = Object.entries({ LeNet: lenet, "dense network": dense }).map(([name, [withNorm, without]]) => {
      const [a, b] = [withNorm, without].map(({ results }) => summarize(results.map(final)));
      const difference = a.mean - b.mean;
      const noise = Math.sqrt((a.deviation ** 2 + b.deviation ** 2) / a.count);
      const gains = [withNorm, without].map(({ results }) => mean(results.map(gained)));
      const isSame = Math.abs(difference) < Math.max(SMALL, 2 * noise);
      const hasConverged = Math.max(...gains) < SMALL && Math.min(a.mean, b.mean) > LEARNED;
      return { name, withNorm, without, difference, noise, gains, isSame, hasConverged };
    });
    const points = (value: number) => `${value >= 0 ? "+" : ""}${(100 * value).toFixed(1)}`;
    const differing = cases.filter(({ isSame, hasConverged }) => hasConverged && !isSame);
    const isWhole = cases.every(({ isSame, hasConverged }) => isSame && hasConverged);
    return {
      verdict: differing.length === cases.length ? "does not hold here" : isWhole ? "holds" : "holds with a condition",
      summary: cases
        .map(
          ({ name, difference, noise, withNorm, hasConverged }) =>
            `${name}: ${points(difference)} ± ${(100 * noise).toFixed(1)} points with batch norm after ` +
            `${withNorm.settings.epochs} epochs${hasConverged ? "" : ", where not both had converged"}.`,
        )
        .join(" "),
      tables: [
        {
          head: ["", "with batch norm", "without", "difference, points", "gained in the last quarter, points"],
          rows: cases.map(({ name, withNorm, without, difference, noise, gains }) => [
            `${name}, ${withNorm.settings.epochs} epochs`,
            percents(withNorm.results.map(final)),
            percents(without.results.map(final)),
            `${points(difference)} ± ${(100 * noise).toFixed(1)}`,
            gains.map(points).join(", "),
          ]),
        },
      ],
      charts: [
        {
          name: "accuracy",
          alt: "Test accuracy over epochs of LeNet and a dense network, with and without batch norm",
          spec: lineChart({
            title: "Test accuracy of long trainings (precise statistics)",
            x: { title: "epoch" },
            y: { title: "test accuracy", format: "%" },
            points: cases.flatMap(({ name, withNorm, without }) =>
              [withNorm, without].flatMap(({ results }, i) =>
                results[0].curve.map(({ epoch }, k) => ({
                  panel: name,
                  series: i === 0 ? "with batch norm" : "without",
                  x: epoch,
                  ...overSeeds(results.map(({ curve }) => curve[k]?.precise ?? null)),
                })),
              ),
            ),
          }),
        },
      ],
      discussion: [
        `"±" is the standard error of the difference over seeds. Networks that have not converged differ because one of them is
ahead, which [convergence](#convergence) measures. Training loss does not tell when that is over: it falls as long as images are
learned by heart.`,
      ],
    };
  },
});
