import { arm, defineExperiment } from "../experiment.js";
import { type Channel, normalizedChannels } from "../measurements/channels.js";
import { dotChart } from "../report/charts.js";
import { figure, percent } from "../report/numbers.js";

/**
 * A value of the output has five roundings of float32: x - mean, two coefficients, the product and the sum. Each is at
 * most 2^-24 of the channel's largest magnitude A, together 3e-7 A. With the roundings of the sums the library's tests
 * allow 1e-6 A. If no value errs by more than e, the mean does not either. The variance is at most 1, so it errs by at
 * most 2 e (Cauchy-Schwarz); e^2 is negligible.
 */
const ERROR = 1e-6;

/** If eps reduces the variance by more than this, the variance does not count as 1 in the lecture's sense. */
const SHORT = 0.01;

const names = ["first convolution", "second convolution", "first dense layer", "second dense layer"];

export const normalized = defineExperiment({
  name: "normalized",
  title: "After normalization every channel has mean 0 and variance 1 over all images and positions",
  lecture: [
    {
      zh: "在每个输出通道的m * p * q个元素上同时执行每个批量归一化",
      en: "Batch normalization is over the m * p * q values of each output channel at once",
      where: "Convolutional layer",
    },
    {
      zh: "在计算均值和方差的时候会收集所有空间位置的值，然后在给定通道内应用相同的均值和方差",
      en: "Mean and variance collect the values of all positions, and the same are applied throughout a channel",
      where: "Convolutional layer",
    },
  ],
  claim: `Normalized without gamma and beta, each channel has over all its m p q values the mean 0 and the variance
v / (v + eps), v that of the input, up to roundings of float32; and that is 1 to within ${percent(SHORT, 0)}.`,
  refutedBy: `a channel whose mean is further from 0 than ${figure(ERROR, 1)} of its largest magnitude, or its variance further
from v / (v + eps) than twice that. If only some variance is more than ${percent(SHORT, 0)} short of 1, it holds with the condition
that v is large beside eps.`,
  method: `LeNet with sigmoids and batch norm, trained for some steps at a rate of 1; then one batch of 256 images, eps 1e-5.
Means and variances are taken in float64 from the float32 values before and after every normalization.`,

  plan(scale) {
    const network = { body: "lenet", activation: "sigmoid", norm: {} } as const;
    const settings = { network, lr: 1, batch: 256, steps: scale.full(50, 10) };
    return { arms: [arm(normalizedChannels, settings, scale.seeds(4, 1))] };
  },

  conclude({ arms: [{ results }] }) {
    const layers = names.map((name, i) => {
      const channels = results.flatMap((layers) => layers[i].channels);
      const most = (of: (channel: Channel) => number) => Math.max(...channels.map(of));
      return {
        name,
        shape: results[0][i].shape,
        mean: most(({ outputMean }) => Math.abs(number(outputMean))),
        variance: most(({ varianceError }) => Math.abs(number(varianceError))),
        least: Math.min(...channels.map(({ outputVariance }) => number(outputVariance))),
        ofLimit: most(({ outputMean, varianceError, magnitude }) => {
          const limit = ERROR * number(magnitude);
          return Math.max(Math.abs(number(outputMean)) / limit, Math.abs(number(varianceError)) / (2 * limit));
        }),
        position: most(({ position }) => number(position)),
        image: most(({ image }) => number(image)),
      };
    });
    const worst = Math.max(...layers.map(({ ofLimit }) => ofLimit));
    const least = Math.min(...layers.map(({ least }) => least));
    const first = results[0][0].channels;
    const conv = layers.filter(({ shape }) => shape.length === 4);
    return {
      verdict: !(worst <= 1) ? "does not hold here" : least < 1 - SHORT ? "holds with a condition" : "holds",
      summary: [
        `Means are at most ${figure(Math.max(...layers.map(({ mean }) => mean)))} from 0 and variances at most`,
        `${figure(Math.max(...layers.map(({ variance }) => variance)))} from v / (v + eps), ${percent(worst)} of the limit; the`,
        `least variance is ${least.toPrecision(4)}.`,
      ].join(" "),
      tables: [
        {
          title: "The largest of all channels and seeds",
          head: [
            "normalized behind",
            "shape",
            "mean, from 0",
            "variance, from v / (v + eps)",
            "of the limit",
            "least variance",
            "mean at one position",
            "mean of one image",
          ],
          rows: layers.map(({ name, shape, mean, variance, ofLimit, least, position, image }) => [
            name,
            `[${shape.join(", ")}]`,
            figure(mean),
            figure(variance),
            percent(ofLimit),
            least.toFixed(4),
            shape.length === 4 ? figure(position) : "-",
            shape.length === 4 ? figure(image) : "-",
          ]),
        },
      ],
      charts: [
        {
          name: "channels",
          alt: "Mean and standard deviation of the first convolution's channels, before and after normalization",
          spec: dotChart({
            title: "Channels of the first convolution",
            subtitle: "Mean, and a standard deviation to both sides, over all images and positions; seed 1",
            value: { title: "value" },
            bars: first.flatMap(({ mean, deviation, outputMean, outputVariance }, c) => [
              bar(`channel ${c}`, "normalized", number(outputMean), Math.sqrt(number(outputVariance))),
              bar(`channel ${c}`, "before", number(mean), number(deviation)),
            ]),
          }),
        },
      ],
      discussion: [
        `All values of a channel together: the mean of one position over the images, or of one image over its positions, is as
far from 0 as ${figure(Math.max(...conv.map(({ position }) => position)))} and ${figure(Math.max(...conv.map(({ image }) => image)))} in the convolutions.`,
      ],
    };
  },
});

const bar = (label: string, series: string, value: number, deviation: number) => ({
  label,
  series,
  value,
  low: value - deviation,
  high: value + deviation,
});

/** NaN, which is within no limit, for what was not finite. */
const number = (value: number | null) => value ?? Number.NaN;
