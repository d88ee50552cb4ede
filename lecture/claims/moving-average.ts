import { arm, defineExperiment } from "../experiment.js";
import { type AveragesPoint, movingAverages } from "../measurements/averages.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { figure, figures, mean, percents } from "../report/numbers.js";

/** Weights of the new batch: the last batch alone, those to be compared, and 0 for the mean of all batches so far. */
const MOMENTA = [1, 0.5, 0.1, 0.01, 0.001, 0];
const names = MOMENTA.map((m) => (m === 1 ? "the last batch alone" : m === 0 ? "all batches equally" : `${m}`));
const [LAST_BATCH, CUSTOMARY] = [MOMENTA.indexOf(1), MOMENTA.indexOf(0.1)];
const measures = ["mean", "deviation"] as const;
const nouns = { mean: "mean", deviation: "standard deviation" };
type Measure = (typeof measures)[number];

export const movingAverage = defineExperiment({
  name: "moving-average",
  title: "How well a moving average estimates the mean and variance of the whole training set",
  lecture: [
    {
      zh: "一种常用的方法是通过移动平均估算整个训练数据集的样本均值和方差",
      en: "A common way is to estimate mean and variance of the whole training set by a moving average",
      where: "Notes 4",
    },
  ],
  claim: `While a network trains, the moving average with the customary weight of the new batch, 0.1, is nearer to the mean
and the standard deviation of the whole training set, with the weights as they then are, than the last batch alone is.`,
  refutedBy: `a mean error (second half of the epochs, all seeds) that is not smaller than the last batch's, for the mean or the
standard deviation of any layer. For some of these: it holds with a condition; for all: it does not hold.`,
  method: `A dense network 784-128-64-10 with sigmoids, batches of 256, rate 1.0; six averages followed side by side, starting
as running statistics do, at mean 0 and variance 1. After every epoch the statistics of all training images, taken in one
batch. Errors are root mean squares over a layer's units, in units of the true standard deviation. Then more epochs with the
weights frozen, where only the noise of sampling and what the averages remember are left.`,

  plan(scale) {
    const settings = {
      network: { body: [128, 64], activation: "sigmoid", norm: {} },
      lr: 1,
      batch: 256,
      images: scale.full(10_000, 5_000),
      epochs: scale.full(20, 10),
      frozen: scale.full(5, 3),
      momenta: MOMENTA,
    } as const;
    return { arms: [arm(movingAverages, settings, scale.seeds(3, 1))] };
  },

  conclude({ arms: [{ settings, results }] }) {
    const { epochs, frozen, images, batch, lr } = settings;
    const layers = results[0][0].errors[0].map((_, l) => l);
    const isSettled = (point: AveragesPoint) => !point.frozen && point.epoch > epochs / 2;
    const isEnd = ({ epoch }: AveragesPoint) => epoch === epochs + frozen;
    /** A value a seed. */
    const errors = (m: number, l: number, measure: Measure, which: (point: AveragesPoint) => boolean) =>
      results.map((points) => mean(points.filter(which).map((p) => p.errors[m][l][measure] ?? Number.NaN)));
    const cases = layers.flatMap((l) =>
      measures.map((measure) => ({
        l,
        measure,
        average: mean(errors(CUSTOMARY, l, measure, isSettled)),
        batch: mean(errors(LAST_BATCH, l, measure, isSettled)),
      })),
    );
    const better = cases.filter(({ average, batch }) => average < batch).length;
    const columns = layers.flatMap((l) => measures.map((measure) => ({ l, measure })));
    const title = ({ l, measure }: { l: number; measure: Measure }) => `${nouns[measure]}, layer ${l + 1}`;
    const table = (text: string, which: (point: AveragesPoint) => boolean) => ({
      title: text,
      head: ["weight of the new batch", ...columns.map(title), "test accuracy"],
      rows: [
        ...names.map((name, m) => [
          name,
          ...columns.map(({ l, measure }) => figures(errors(m, l, measure, which), 2)),
          percents(results.map((points) => mean(points.filter(which).map(({ test }) => test[m])))),
        ]),
        [
          "statistics of all images",
          ...columns.map(() => "0"),
          percents(results.map((points) => mean(points.filter(which).map(({ precise }) => precise)))),
        ],
      ],
    });
    const total = (m: number) => mean(columns.flatMap(({ l, measure }) => errors(m, l, measure, isSettled)));
    const best = MOMENTA.map((_, m) => m).reduce((a, b) => (total(b) < total(a) ? b : a));
    const steps = epochs * Math.ceil((images ?? 0) / batch);
    return {
      verdict: better === cases.length ? "holds" : better > 0 ? "holds with a condition" : "does not hold here",
      summary: `Error with weight 0.1 against that of the last batch, in standard deviations: ${cases
        .map((c) => `${title(c)} ${figure(c.average, 2)} against ${figure(c.batch, 2)}`)
        .join("; ")}.`,
      tables: [
        table(`While training at rate ${lr}, epochs ${Math.floor(epochs / 2) + 1} to ${epochs}`, isSettled),
        table(`After ${frozen} more epochs with the weights frozen`, isEnd),
      ],
      charts: measures.map((measure) => ({
        name: measure,
        alt: `Error of the ${nouns[measure]} over epochs by weight of the new batch, a panel a layer`,
        spec: lineChart({
          title: `Error of moving averages of the ${nouns[measure]}, by weight of the new batch`,
          subtitle: `In standard deviations; the network's weights are frozen after epoch ${epochs}`,
          x: { title: "epochs" },
          y: { title: "error", scale: "log", values: [0.0001, 0.001, 0.01, 0.1, 1, 10] },
          points: names.flatMap((series, m) =>
            layers.flatMap((l) =>
              results[0].map(({ epoch }, i) => ({
                panel: `layer ${l + 1}`,
                series,
                x: epoch,
                ...overSeeds(results.map((points) => points[i].errors[m][l][measure])),
              })),
            ),
          ),
        }),
      })),
      discussion: [
        `While training, the least error over all columns is that of ${names[best]}. Two errors oppose each other: few batches
give noise, many are old; even the last batch was seen by the weights of the step before. With the weights frozen only the first is left, and whatever is remembered of before.`,
        `An average begins at mean 0 and variance 1. After the ${steps} steps of training these still weigh
${figure(0.999 ** steps, 2)} with a weight of 0.001 and ${figure(0.99 ** steps, 2)} with 0.01.`,
      ],
    };
  },
});
