import { linearRegression } from "simple-statistics";
import { arm, defineExperiment } from "../experiment.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { figure, figures, mean, percent, percents } from "../report/numbers.js";
import { batchNoise, type GeneralizationPoint, generalization } from "../training/generalization.js";

const BATCH = 128;
/** Groups of this size have noisier statistics than the batch has. */
const SMALL = 16;
const body = { body: [128, 64], activation: "relu" } as const;

const ways = {
  "batch norm": { network: { ...body, norm: {} }, group: null },
  neither: { network: { ...body, norm: null }, group: null },
  "dropout 0.5": { network: { ...body, norm: null, dropout: 0.5 }, group: null },
  "batch norm and dropout 0.5": { network: { ...body, norm: {}, dropout: 0.5 }, group: null },
  [`batch norm in groups of ${SMALL}`]: { network: { ...body, norm: {} }, group: SMALL },
} as const;

/** Test accuracies that are nearer count as equal. */
const MARGIN = 0.005;
/** How far the exponent of the noise may be from -1/2. */
const TOLERANCE = 0.05;

type Curve = readonly GeneralizationPoint[];
const final = (curve: Curve) => curve[curve.length - 1];
/** Where training accuracy was first at least so high; the end where it never was. */
const KNOWN = 0.85;
const known = (curve: Curve) => curve.find(({ train }) => train >= KNOWN) ?? final(curve);
const gap = ({ train, test }: GeneralizationPoint) => train - test;

export const regularisation = defineExperiment({
  name: "regularisation",
  title: "The noise of the batch as a regularizer, and dropout beside it",
  lecture: [
    {
      zh: "每次选取小批量的时候是随机选取的，所以这里的均值和标准差也是随机的",
      en: "Each batch is chosen at random, so that the mean and the standard deviation here are random too",
      where: "Details",
    },
    {
      zh: "如果说将批量归一化看成是一个控制模型复杂度的方法的话，是没有必要和丢弃法（dropout）混合使用的",
      en: "If batch norm is seen as a method to control the model's complexity, there is no need to mix it with dropout",
      where: "Details",
    },
  ],
  claim: `(1) The noise of a batch's mean and standard deviation falls as the root of its size. (2) It regularizes: trained until
the images are known by heart, a network has a smaller gap from training to test accuracy with batch norm than without, and a
smaller one in groups of ${SMALL}, whose statistics are noisier, than in the whole batch of ${BATCH}. (3) Dropout on top of batch
norm gains less than ${percent(MARGIN)} of test accuracy.`,
  refutedBy: `(1) an exponent of the noise, fitted over batch sizes, more than ${TOLERANCE} from -1/2; (2) a gap that is not smaller, in
one of the two comparisons; (3) a gain of ${percent(MARGIN)} or more. Some of the three: it holds with a condition; (2) and (3) both:
it does not hold.`,
  method: `(1) Random batches of 4 to 256 training images through a dense layer before training: root mean square error of its
units' means and standard deviations, in standard deviations of the unit over all images. (2), (3) Dense network 784-128-64-10
with relus on few training images, batches of ${BATCH}, plain gradient descent at rate 0.2. The groups are parts of the same batches.
Accuracies at the end, by precise statistics and without dropout.`,

  plan(scale) {
    const training = { lr: 0.2, batch: BATCH, images: scale.full(2048, 1024), epochs: scale.full(100, 24) };
    const interval = scale.full(4, 2);
    return {
      noise: [
        arm(
          batchNoise,
          { units: 64, sizes: [4, 8, 16, 32, 64, 128, 256], draws: scale.full(200, 60) },
          scale.seeds(3, 1),
        ),
      ],
      trainings: Object.values(ways).map((way) =>
        arm(generalization, { ...training, ...way, interval }, scale.seeds(3, 1)),
      ),
    };
  },

  conclude({ noise: [{ settings: noiseSettings, results: noises }], trainings }) {
    const names = Object.keys(ways);
    const { images, epochs } = trainings[0].settings;
    const of = (name: string) => trainings[names.indexOf(name)].results;
    const gaps = names.map((name) => mean(of(name).map((curve) => gap(final(curve)))));
    const tests = names.map((name) => mean(of(name).map((curve) => final(curve).test)));
    const [normed, neither, , both, grouped] = names.map((_, i) => i);
    const kinds = ["mean", "deviation"] as const;
    const over = (kind: (typeof kinds)[number], i: number) => noises.map((points) => points[i][kind]);
    const exponents = kinds.map((kind) => {
      const points = noiseSettings.sizes.map((size, i) => {
        const value = mean(over(kind, i).map((v) => v ?? Number.NaN));
        return [Math.log(size), Math.log(value)];
      });
      return linearRegression(points).m;
    });
    const isRoot = exponents.every((exponent) => Math.abs(exponent + 0.5) <= TOLERANCE);
    const regularizes = gaps[normed] < gaps[neither] && gaps[grouped] < gaps[normed];
    const gain = tests[both] - tests[normed];
    const isNeedless = gain < MARGIN;
    return {
      verdict:
        isRoot && regularizes && isNeedless
          ? "holds"
          : regularizes || isNeedless
            ? "holds with a condition"
            : "does not hold here",
      summary: [
        `The noise goes with the batch size to the power ${kinds.map((kind, k) => `${exponents[k].toFixed(2)} (${kind})`).join(" and ")};`,
        `the gap is ${percent(gaps[neither])} without, ${percent(gaps[normed])} with batch norm, ${percent(gaps[grouped])} in groups of`,
        `${SMALL}; dropout on top changes test accuracy from ${percent(tests[normed])} to ${percent(tests[both])}.`,
      ].join(" "),
      tables: [
        {
          title: `After ${epochs} epochs on ${images} images`,
          head: ["", "training accuracy", "test accuracy", "gap", `gap at ${percent(KNOWN, 0)}`, "test loss"],
          rows: names.map((name) => {
            const ends = of(name).map(final);
            const values = [
              ends.map(({ train }) => train),
              ends.map(({ test }) => test),
              ends.map(gap),
              of(name).map((curve) => gap(known(curve))),
            ];
            return [name, ...values.map((list) => percents(list)), figures(ends.map(({ testLoss }) => testLoss))];
          }),
        },
        {
          title: "Noise of a batch's statistics, in standard deviations of the unit",
          head: ["images", ...kinds.map((kind) => `of the ${kind}`), "1 / root of the images"],
          rows: noiseSettings.sizes.map((size, i) => [
            `${size}`,
            ...kinds.map((kind) => figures(over(kind, i))),
            figure(size ** -0.5),
          ]),
        },
      ],
      charts: [
        {
          name: "noise",
          alt: "Noise of a batch's mean and standard deviation by batch size",
          spec: lineChart({
            title: "Noise of a batch's statistics",
            x: { title: "images in a batch", scale: "log", values: noiseSettings.sizes, domain: [4, 256] },
            y: { title: "standard deviations of the unit", scale: "log", values: [0.02, 0.05, 0.1, 0.2, 0.5] },
            marks: true,
            points: [
              ...kinds.flatMap((kind) =>
                noiseSettings.sizes.map((x, i) => ({ series: `of the ${kind}`, x, ...overSeeds(over(kind, i)) })),
              ),
              ...noiseSettings.sizes.map((x) => ({ series: "1 / root of the images", x, y: x ** -0.5 })),
            ],
          }),
        },
        {
          name: "gap",
          alt: "Gap from training to test accuracy and test accuracy over epochs",
          spec: lineChart({
            title: `Training on ${images} images`,
            x: { title: "epochs" },
            y: { title: "accuracy", format: "%" },
            sharedY: false,
            points: names.flatMap((series) =>
              of(series)[0].flatMap(({ epoch }, i) => {
                const points = of(series).map((curve) => curve[i]);
                return [
                  { panel: "training less test accuracy", series, x: epoch, ...overSeeds(points.map(gap)) },
                  { panel: "test accuracy", series, x: epoch, ...overSeeds(points.map(({ test }) => test)) },
                ];
              }),
            ),
          }),
        },
      ],
      discussion: [
        `A gap says little where a network has not yet learned its images, and batch norm learns them sooner. So the table also has the
gap at the first measurement with a training accuracy of ${percent(KNOWN, 0)} or more (of those that never reach it: at the end),
where all have fitted about as much; it has no part in the verdict. At the end training accuracy is
${percent(mean(of("batch norm").map((curve) => final(curve).train)))} with batch norm and ${percent(mean(of("neither").map((curve) => final(curve).train)))} with neither.`,
        `Of m independent values the mean has a standard error of 1/root(m) standard deviations, the standard deviation one of
root((k - 1) / 4m), k the kurtosis: 0.71/root(m) for normal values, about which the batches here vary with what is really in the
images. The same group of images is normalized by other statistics in each epoch: that is the noise.`,
      ],
    };
  },
});
