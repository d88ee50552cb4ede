import { linearRegression } from "simple-statistics";
import { arm, defineExperiment } from "../experiment.js";
import { type BatchNoise, batchNoise } from "../measurements/batch-noise.js";
import { type Fit, overfitting } from "../measurements/overfitting.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { figure, mean, percent, percents, summarize } from "../report/numbers.js";
import type { NetworkSettings } from "../training/network.js";

const body = { body: [128, 64], activation: "relu" } as const;
const networks = {
  "batch norm": { ...body, norm: {} },
  neither: { ...body, norm: null },
  dropout: { ...body, norm: null, dropout: 0.5 },
  both: { ...body, norm: {}, dropout: 0.5 },
} satisfies Record<string, NetworkSettings>;

type Name = keyof typeof networks;

/** Images that a step learns from. */
const BATCH = 32;
/** Gains of accuracy that are not worth another layer. */
const SMALL = 0.01;
/** The largest distance of the noise's exponent from -1/2, the exponent for independent images. */
const EXPONENT = 0.1;
/** Measurements at the end that are averaged. */
const LAST = 3;

const last = (name: "train" | "test" | "running") => (fits: readonly Fit[]) =>
  mean(fits.slice(-LAST).map((fit) => fit[name]));
const gap = (fits: readonly Fit[]) => last("train")(fits) - last("test")(fits);
const points = (value: number) => {
  const rounded = Math.round(1000 * value) / 10 || 0; // || 0: not -0
  return `${rounded >= 0 ? "+" : ""}${rounded.toFixed(1)}`;
};

/** Mean difference over seeds, and its standard error. */
function difference(a: readonly number[], b: readonly number[]) {
  const { mean, deviation, count } = summarize(a.map((value, i) => value - b[i]));
  const error = deviation / Math.sqrt(count);
  return { mean, error, text: count > 1 ? `${points(mean)} ± ${(100 * error).toFixed(1)}` : points(mean) };
}

export const regularisation = defineExperiment({
  name: "regularisation",
  title: "The noise of the batch as a regulariser, with dropout and without",
  lecture: [
    {
      zh: "如果说将批量归一化看成是一个控制模型复杂度的方法的话，是没有必要和丢弃法（dropout）混合使用的",
      en: "If batch normalization is seen as a way to control the complexity of the model, there is no need to combine it with dropout",
      where: "Details",
    },
    {
      zh: "它可能是通过在每个小批量中加入噪音来控制模型的复杂度",
      en: "it may be controlling the complexity of the model by adding noise to every minibatch",
      where: "Details",
    },
    {
      zh: "-：随机偏移，/：随机缩放，这里的噪声是比较大的",
      en: "subtraction: a random shift, division: a random scale; the noise here is rather large",
      where: "Details",
    },
  ],
  claim: `(1) Mean and standard deviation of a batch are the whole set's with noise that falls with the square root of the
batch size. (2) The noise regularises: normalized by more images, hence with less noise, the same network learning from the
same batches knows its training images better than others by a greater margin. (3) Adding dropout to batch norm gains less
than ${percent(SMALL, 0)} of test accuracy.`,
  refutedBy: `(1) an exponent of the noise over the batch size outside -0.5 ± ${EXPONENT}. (2) A gap between train and test
accuracy with the most images normalized together that is not greater than with the fewest, by more than twice the standard
error of the difference. (3) A gain of ${percent(SMALL, 0)} or more that is above twice its standard error. One or two of
these: it holds with a condition. (2) and (3) both: it does not hold.`,
  method: `Dense network 784-128-64-10 with relus, plain gradient descent at rate 0.1 in batches of ${BATCH}, on few images
many times; dropout of half of the hidden values. For (2) each batch is normalized together with other
training images, whose classes are not learned from. Accuracies by precise statistics, without dropout, means of the last
${LAST} measurements. For (1) the statistics of 60 batches of each size, in a network trained for 64 steps.`,

  plan(scale) {
    const training = {
      ...{ lr: 0.1, batch: BATCH, together: BATCH, images: scale.full(2000, 1000) },
      ...{ epochs: scale.full(40, 15), interval: scale.full(2, 1) },
    };
    const seeds = scale.seeds(3, 1);
    const sizes = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
    const noise = { network: networks["batch norm"], images: 8192, steps: 64, sizes, batches: 60 };
    return {
      noise: [arm(batchNoise, noise, seeds)],
      networks: Object.values(networks).map((network) => arm(overfitting, { ...training, network }, seeds)),
      together: scale
        .full([BATCH, 128, 512], [BATCH, 256])
        .map((together) => arm(overfitting, { ...training, together, network: networks["batch norm"] }, seeds)),
    };
  },

  conclude({ noise: [noise], networks: arms, together }) {
    const exponent = (name: "mean" | "deviation") => {
      const line = ({ size, [name]: value }: BatchNoise) => [Math.log(size), Math.log(value ?? Number.NaN)];
      return mean(noise.results.map((sizes) => linearRegression(sizes.map(line)).m));
    };
    const exponents = [exponent("mean"), exponent("deviation")];
    const at = (size: number, name: "mean" | "deviation") =>
      mean(noise.results.map((sizes) => sizes.find((of) => of.size === size)?.[name] ?? Number.NaN));
    const of = (name: Name) => arms[Object.keys(networks).indexOf(name)].results;
    const [fewest, most] = [together[0], together[together.length - 1]];
    const wider = difference(most.results.map(gap), fewest.results.map(gap));
    const better = difference(most.results.map(last("test")), fewest.results.map(last("test")));
    const gain = (a: Name, b: Name) => difference(of(a).map(last("test")), of(b).map(last("test")));
    const added = gain("both", "batch norm");
    const isNoise = exponents.every((value) => Math.abs(value + 0.5) <= EXPONENT);
    const isRegulariser = wider.mean > 2 * wider.error;
    const isNeedless = added.mean < Math.max(SMALL, 2 * added.error);
    const isAll = isNoise && isRegulariser && isNeedless;
    const accuracies = (results: readonly (readonly Fit[])[]) => [
      ...(["train", "test"] as const).map((name) => percents(results.map(last(name)))),
      percents(results.map(gap)),
      percents(results.map(last("running"))),
    ];
    const head = ["train", "test", "gap", "test, running statistics"];
    return {
      verdict: isAll ? "holds" : !isRegulariser && !isNeedless ? "does not hold here" : "holds with a condition",
      summary: [
        `Noise over batch size has the exponents ${exponents.map((value) => value.toFixed(2)).join(" (mean) and ")} (deviation).`,
        `Normalized by ${most.settings.together} images in place of ${BATCH}, the gap between train and test changes by`,
        `${wider.text} points and test accuracy by ${better.text}. Dropout changes test accuracy by`,
        `${added.text} points with batch norm and by ${gain("dropout", "neither").text} without.`,
      ].join(" "),
      tables: [
        {
          title: `Accuracy after ${arms[0].settings.epochs} epochs of ${arms[0].settings.images} images`,
          head: ["", ...head],
          rows: (["neither", "batch norm", "dropout", "both"] as const).map((name) => [name, ...accuracies(of(name))]),
        },
        {
          title: `Batch norm, ${BATCH} images a step, by the images that are normalized together`,
          head: ["images", ...head],
          rows: together.map(({ settings, results }) => [`${settings.together}`, ...accuracies(results)]),
        },
      ],
      charts: [
        {
          name: "noise",
          alt: "Noise of a batch's mean and standard deviation over batch size, on logarithmic axes",
          spec: lineChart({
            title: "Noise of the batch's statistics by batch size",
            subtitle: "standard deviation over batches, in units of the standard deviation of all images",
            x: { title: "images in a batch", scale: "log", values: [2, 8, 32, 128, 512], domain: [2, 1024] },
            y: { title: "noise", scale: "log" },
            marks: true,
            points: (["mean", "deviation"] as const).flatMap((name) =>
              noise.settings.sizes.map((size, i) => ({
                series: name === "mean" ? "of the mean: a shift" : "of the standard deviation: a scale",
                x: size,
                ...overSeeds(noise.results.map((sizes) => sizes[i][name])),
              })),
            ),
          }),
        },
        {
          name: "accuracy",
          alt: "Test accuracy over epochs with batch norm, neither, dropout, and both",
          spec: lineChart({
            title: "Test accuracy of networks that see few images many times",
            x: { title: "epoch" },
            y: { title: "test accuracy", format: "%" },
            points: (Object.keys(networks) as Name[]).flatMap((series) =>
              of(series)[0].map(({ epoch }, i) => ({
                series,
                x: epoch,
                ...overSeeds(of(series).map((fits) => fits[i].test)),
              })),
            ),
          }),
        },
      ],
      discussion: [
        `At ${BATCH} images the mean is off by ${figure(at(BATCH, "mean"), 2)} standard deviations and the standard deviation by
${percent(at(BATCH, "deviation"))}; at 256 images by ${figure(at(256, "mean"), 2)} and ${percent(at(256, "deviation"))}. Independent images would
have means off by ${figure(1 / Math.sqrt(BATCH), 2)} and ${figure(1 / Math.sqrt(256), 2)}.`,
        `Batch norm alone: ${gain("batch norm", "neither").text} points of test accuracy against neither, ${gain("batch norm", "dropout").text} against dropout
alone. With both, running statistics describe values that dropout has changed, and prediction is without dropout; the last
column of the table has what that costs against precise ones.`,
      ],
    };
  },
});
