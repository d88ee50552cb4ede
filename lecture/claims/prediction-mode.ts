import { max, quantile } from "simple-statistics";
import { arm, defineExperiment } from "../experiment.js";
import { type Predictions, predictionModes } from "../measurements/prediction-modes.js";
import { dotChart, lineChart } from "../report/charts.js";
import { mean, percent, percents } from "../report/numbers.js";
import { lenetMethod, lenetRuns, withNorm } from "../training/lenet-runs.js";

/**
 * Published accuracies of d2l-zh's network at the same settings, by running statistics after 10 epochs. Two are of its
 * notebooks and two of other runs.
 */
const published = [0.708, 0.807, 0.883, 0.89];
/** The train accuracy that they report, 0.899 to 0.909, of which test accuracy by precise statistics is within 2 points. */
const PUBLISHED_TRAIN = 0.9;

const points = (value: number, digits = 1) => (100 * value).toFixed(digits);

export const predictionMode = defineExperiment({
  name: "prediction-mode",
  title: "Training and prediction differ, and a published accuracy of 0.708",
  lecture: [
    {
      zh: "批量归一化层在“训练模式”和“预测模式”中的功能不同",
      en: "Batch normalization layers work differently in training mode and in prediction mode",
      where: "Notes 4",
    },
    {
      zh: "一种常用的方法是通过移动平均估算整个训练数据集的样本均值和方差，并在预测时使用它们得到确定的输出",
      en: "A common way is to estimate the mean and variance of the whole training set by moving averages, and to use these in prediction for an output that is certain",
      where: "Notes 4",
    },
  ],
  claim: `Prediction by running statistics is worse than by those of the training set with the same weights (precise
statistics), by an amount that changes from epoch to epoch: enough to explain the published test accuracies of 0.708 and
0.807 of this network at a train accuracy of 0.90, where others had 0.88 and 0.89.`,
  refutedBy: `a mean difference in favour of the running statistics: the claim does not hold. Largest difference below that of
the published values, ${points(PUBLISHED_TRAIN - published[0], 0)} points: it holds with a condition, since 0.708 then remains unexplained.`,
  method: `${lenetMethod}: test accuracy by both statistics after every epoch, the running ones with weight 0.1 for a new batch.
Shorter trainings at other rates and weights, which also predict by the statistics of each test batch, as in training.`,

  plan(scale) {
    const training = { batch: 256, epochs: scale.full(8, 2), images: 5000 };
    const sweep = scale.full(
      [
        ...[0.1, 0.3, 1, 3].map((lr) => ({ lr, momentum: 0.1 })),
        ...[0.5, 0.01].map((momentum) => ({ lr: 1, momentum })),
      ],
      [{ lr: 1, momentum: 0.1 }],
    );
    return {
      long: lenetRuns(scale).withNorm,
      sweep: sweep.map(({ lr, momentum }) => {
        const network = { ...withNorm, norm: { momentum } };
        return arm(predictionModes, { ...training, network, lr }, scale.seeds(2, 1));
      }),
    };
  },

  conclude({ long: [long], sweep }) {
    const curves = long.results.map(({ curve }) => curve);
    const gaps = curves.flatMap((curve) => curve.map(({ precise, test }) => (precise ?? NaN) - test));
    const worst = max(gaps);
    const worse = gaps.filter((gap) => gap > 0).length;
    const isWorse = mean(gaps) > 0;
    const gapsOf = (results: readonly (readonly Predictions[])[], of: "running" | "batch") =>
      results.flatMap((epochs) => epochs.map((epoch) => epoch.precise - epoch[of]));
    const low = Math.min(
      ...curves.flatMap((curve) => curve.slice(Math.floor(curve.length / 2)).map(({ test }) => test)),
    );
    return {
      verdict: !isWorse
        ? "does not hold here"
        : worst >= PUBLISHED_TRAIN - published[0]
          ? "holds"
          : "holds with a condition",
      summary: [
        `Running statistics are worse in ${worse} of ${gaps.length} epochs, by ${points(mean(gaps))} points on average and up to`,
        `${points(worst)}; the lowest accuracy in the second half of the epochs is ${percent(low)}.`,
      ].join(" "),
      tables: [
        {
          title: `Points that precise statistics are better, over ${gaps.length} epochs`,
          head: ["", "median", "90th percentile", "largest"],
          rows: [["LeNet, rate 1.0, weight 0.1", ...[0.5, 0.9, 1].map((q) => points(quantile(gaps, q)))]],
        },
        {
          title:
            "Shorter trainings: test accuracy at the end, and points that precise statistics are better, means of epochs",
          head: [
            "rate, weight of a new batch",
            "running",
            "precise",
            "test batch's own",
            "over running",
            "over the batch's",
          ],
          rows: sweep.map(({ settings, results }) => {
            const last = (name: keyof Predictions) =>
              percents(results.map((epochs) => epochs[epochs.length - 1][name]));
            return [
              `${settings.lr}, ${settings.network.norm?.momentum}`,
              ...[last("running"), last("precise"), last("batch")],
              ...(["running", "batch"] as const).map((name) => points(mean(gapsOf(results, name)))),
            ];
          }),
        },
      ],
      charts: [
        {
          name: "epochs",
          alt: "Test accuracy by precise and by running statistics, a panel for each seed",
          spec: lineChart({
            title: "The same weights, predicted by two kinds of statistics",
            x: { title: "epoch" },
            y: { title: "test accuracy", format: "%" },
            points: curves.flatMap((curve, i) =>
              (["precise", "test"] as const).flatMap((name) =>
                curve.map((point) => ({
                  panel: `seed ${i + 1}`,
                  series: name === "precise" ? "precise statistics" : "running statistics",
                  x: point.epoch,
                  y: point[name],
                })),
              ),
            ),
          }),
        },
        {
          name: "gap",
          alt: "How much better precise statistics are, by learning rate and weight of a new batch",
          spec: dotChart({
            title: "Accuracy that running statistics lose, by epoch: mean and range",
            value: { title: "points of test accuracy" },
            bars: sweep.map(({ settings, results }) => {
              const values = gapsOf(results, "running").map((gap) => 100 * gap);
              return {
                label: `rate ${settings.lr}, weight ${settings.network.norm?.momentum}`,
                value: mean(values),
                low: Math.min(...values),
                high: Math.max(...values),
              };
            }),
          }),
        },
      ],
      discussion: [
        `The running statistics remember some ten batches, and the weights move on in the meantime: what they describe is a
network that is not there any more. The published runs ended with ${published.map((value) => percent(value)).join(", ")}; a
difference of ${points(PUBLISHED_TRAIN - published[0], 0)} points is ${worst >= PUBLISHED_TRAIN - published[0] ? "within" : "beyond"} what was seen here. That the same noise
made those runs end where they did is likely, not proven: their weights were not kept.`,
      ],
    };
  },
});
