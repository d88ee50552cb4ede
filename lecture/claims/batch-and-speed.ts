import { arm, defineExperiment } from "../experiment.js";
import { stepSpeed } from "../measurements/speed.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { figure, mean, percent, percents } from "../report/numbers.js";
import { classifier, type Training } from "../training/classifier.js";
import type { NetworkSettings } from "../training/network.js";

const dense: NetworkSettings = { body: [128, 64], activation: "relu", norm: {} };
const lenet: NetworkSettings = { body: "lenet", activation: "sigmoid", norm: {} };
const names = ["dense network", "LeNet"] as const;

/** The batch size whose speed counts as reached, and how much faster the largest may be. */
const USUAL = 256;
const GAIN = 1.25;

/**
 * The test accuracy of the last measurement up to a number of steps. Before the first one and after a divergence it is
 * that of chance.
 */
function accuracyAt({ curve, divergedAt }: Training, steps: number): number {
  if (divergedAt !== null) return 0.1;
  return curve.findLast(({ step }) => step <= steps)?.precise ?? 0.1;
}

export const batchAndSpeed = defineExperiment({
  name: "batch-and-speed",
  title: "Whether it pays to fill the memory",
  lecture: [
    {
      zh: "batch size是把显存占满好？还是利用率gpu-util 100%就可以了？还是需要同时达到100%？",
      en: "Is it good for the batch to fill the memory? Or is 100 % utilization enough? Or must both reach 100 %?",
      where: "Q&A 14",
    },
  ],
  claim: `It does not pay to fill the memory: (1) the largest batches are less than ${GAIN} times as fast, in images a second,
as batches of ${USUAL}, and (2) in equal time another batch size than the largest comes to the highest test accuracy.`,
  refutedBy: `(1) a speed at the largest batch of ${GAIN} times that at ${USUAL} and more, with both networks; (2) the largest
batch being best in equal time. One of the two: it holds with a condition; both: it does not hold.`,
  method: `Seconds of a training step of LeNet and of the dense network 784-128-64-10 with batch norm: a timing of this machine,
on one core and without a GPU, where a core is busy all the time and memory is never full. Batch sizes take turns; medians.
The dense network is trained at each batch size, at the better of the rates 0.1 and 0.5; equal time: that of the fastest batch
size for all epochs, by the measured seconds. Test accuracy by precise statistics.`,

  plan(scale) {
    const batches = scale.full([8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096], [8, 64, 256, 2048]);
    const speed = [arm(stepSpeed, { networks: [dense, lenet], batches, repetitions: scale.full(7, 3) }, [1])];
    const training = { network: dense, epochs: scale.full(4, 2), precise: true };
    const trainings = scale.full([8, 32, 128, 512, 2048], [8, 64, 256, 2048]).flatMap((batch) =>
      [0.1, 0.5].map((lr) => {
        const images = scale.full(6000, 4096);
        const measurements = batch < 32 ? 8 : 2; // of small batches, equal time is over in the first epoch
        return arm(classifier, { ...training, images, batch, lr, measurements }, scale.seeds(3, 1));
      }),
    );
    return { speed, trainings };
  },

  conclude({ speed: [speed], trainings }) {
    const { batches } = speed.settings;
    const largest = batches[batches.length - 1];
    const seconds = speed.results[0].map((row) => row.map((value) => value ?? Number.NaN));
    const rate = (network: number, batch: number) => batch / seconds[network][batches.indexOf(batch)];
    const gains = names.map((_, n) => rate(n, largest) / rate(n, USUAL));
    const isSaturated = gains.some((gain) => gain < GAIN);

    const sizes = [...new Set(trainings.map(({ settings }) => settings.batch))];
    const { images, epochs } = trainings[0].settings;
    const time = Math.min(...sizes.map((batch) => (epochs * (images ?? 0)) / rate(0, batch)));
    /** The result at the better learning rate. */
    const best = (batch: number, steps: number) =>
      trainings
        .filter(({ settings }) => settings.batch === batch)
        .map(({ settings, results }) => ({ lr: settings.lr, values: results.map((r) => accuracyAt(r, steps)) }))
        .reduce((a, b) => (mean(b.values) > mean(a.values) ? b : a));
    const rows = sizes.map((batch) => ({
      batch,
      inTime: best(batch, (time * rate(0, batch)) / batch),
      inImages: best(batch, Number.POSITIVE_INFINITY),
    }));
    const winner = rows.reduce((a, b) => (mean(b.inTime.values) > mean(a.inTime.values) ? b : a));
    const isOther = winner.batch !== sizes[sizes.length - 1];
    const cell = ({ lr, values }: (typeof rows)[number]["inTime"]) => `${percents(values)} (${lr})`;
    return {
      verdict:
        isSaturated && isOther ? "holds" : isSaturated || isOther ? "holds with a condition" : "does not hold here",
      summary: [
        `Batches of ${largest} are ${names.map((name, n) => `${figure(gains[n])} (${name})`).join(" and ")} times as fast as`,
        `of ${USUAL}; in ${figure(time)} s batches of ${winner.batch} come to the highest test accuracy,`,
        `${percent(mean(winner.inTime.values))}, of ${sizes[sizes.length - 1]} to`,
        `${percent(mean(rows[rows.length - 1].inTime.values))}.`,
      ].join(" "),
      tables: [
        {
          title: "Speed of this machine, images a second",
          head: ["batch size", ...batches.map(String)],
          rows: names.map((name, n) => [name, ...batches.map((batch) => figure(rate(n, batch)))]),
        },
        {
          title: "Test accuracy of the dense network, and the better rate",
          head: ["batch size", `in ${figure(time)} s`, `after ${epochs} epochs of ${images} images`],
          rows: rows.map(({ batch, inTime, inImages }) => [`${batch}`, cell(inTime), cell(inImages)]),
        },
      ],
      charts: [
        {
          name: "speed",
          alt: "Images a second by batch size, for a dense network and LeNet",
          spec: lineChart({
            title: "Training speed by batch size, this machine",
            x: { title: "batch size", scale: "log", values: batches, domain: [batches[0], largest] },
            y: { title: "images a second", scale: "log" },
            marks: true,
            points: names.flatMap((series, n) => batches.map((x) => ({ series, x, y: rate(n, x) }))),
          }),
        },
        {
          name: "accuracy",
          alt: "Test accuracy by batch size in equal time and for equally many images",
          spec: lineChart({
            title: "Test accuracy by batch size, at the better rate",
            x: { title: "batch size", scale: "log", values: sizes, domain: [sizes[0], sizes[sizes.length - 1]] },
            y: { title: "test accuracy", format: "%" },
            marks: true,
            points: rows.flatMap(({ batch: x, inTime, inImages }) => [
              { series: "in equal time", x, ...overSeeds(inTime.values) },
              { series: "equally many images", x, ...overSeeds(inImages.values) },
            ]),
          }),
        },
      ],
    };
  },
});
