import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { seeded } from "../../scripts/common/random.js";
import { arm, defineExperiment, type Recipe } from "../experiment.js";
import { compare, type Difference, worst } from "../measurements/compare.js";
import { textbook } from "../measurements/textbook.js";
import { tidied } from "../measurements/tidied.js";
import { lineChart } from "../report/charts.js";
import { figure, mean, percents, sum } from "../report/numbers.js";
import { classifier, classifierWith, type Training } from "../training/classifier.js";
import { groupsOf, normalizeSamples, SampleNorm } from "../training/sample-norm.js";

const kinds = {
  batch: { name: "batch norm", over: "N, H, W", view: "x as it is", recipe: classifier },
  layer: {
    name: "layer norm",
    over: "H, W, C",
    view: "[N, H W C], channels at axis 0",
    recipe: classifierWith("classifier-layer-norm", (channels) => new SampleNorm(channels, "layer")),
  },
  instance: {
    name: "instance norm",
    over: "H, W",
    view: "[N C, H W], channels at axis 0",
    recipe: classifierWith("classifier-instance-norm", (channels) => new SampleNorm(channels, "instance")),
  },
  group: {
    name: "group norm (2 groups)",
    over: "H, W, C / 2",
    view: "[N 2, H W C / 2], channels at axis 0",
    recipe: classifierWith("classifier-group-norm", (channels) => new SampleNorm(channels, "group")),
  },
} as const;
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

const EPS = 1e-5;

type Shape = readonly [batch: number, height: number, width: number, channels: number];
type Checked = { readonly exact: Difference; readonly alone: Difference; readonly statistics: number };

/** Each normalization beside its formula in float64, y and dx; and y of each sample beside that of the sample alone. */
const views: Recipe<{ shape: Shape }, Record<Kind, Checked>> = {
  name: "layer-and-instance-norm-views",
  cost: ({ shape }) => 0.05 + shape.reduce((a, b) => a * b, 1) * 5e-6,
  run({ shape }, { seed }) {
    const check = (kind: Kind) => tidied(() => checkView(kind, shape, seed));
    return { batch: check("batch"), layer: check("layer"), instance: check("instance"), group: check("group") };
  },
};

function checkView(kind: Kind, shape: Shape, seed: number): Checked {
  const [batch, height, width, channels] = shape;
  const [random, size] = [seeded(seed), batch * height * width * channels];
  const [values, dy] = [random.normal(size, 2, 1), random.normal(size, 1)];
  const x = tf.tensor4d(values, [batch, height, width, channels]);
  const f = (x: tf.Tensor): tf.Tensor =>
    kind === "batch" ? batchNormTraining(x, null, null, { eps: EPS }).y : normalizeSamples(x, kind, EPS);
  const groups = kind === "batch" ? channels : groupsOf(kind, channels);
  const sample = height * width * channels;
  const groupOf = (i: number) =>
    kind === "batch"
      ? i % channels
      : groups * Math.floor(i / sample) + Math.floor(((i % channels) * groups) / channels);
  const statistics = kind === "batch" ? channels : batch * groups;
  const expected = textbook(values, statistics, groupOf, EPS);
  const y = f(x);
  const dx = tf.grad(f)(x, tf.tensor4d(dy, x.shape));
  const alone = tf.concat(
    Array.from({ length: batch }, (_, n) => f(tf.slice(x, [n, 0, 0, 0], [1, height, width, channels]))),
  );
  return {
    exact: worst([compare(y.dataSync(), expected.xhat), compare(dx.dataSync(), expected.gradient(dy))]),
    alone: compare(alone.dataSync(), y.dataSync()),
    statistics,
  };
}

const final = ({ curve, divergedAt }: Training) => (divergedAt === null ? (curve.at(-1)?.test ?? 0.1) : 0.1);

export const layerAndInstanceNorm = defineExperiment({
  name: "layer-and-instance-norm",
  title: "Layer norm and instance norm are batch norm over other axes",
  lecture: [
    {
      zh: "我看pytorch里还有一个是layernorm，请问和BN的异同？",
      en: "PyTorch also has a layernorm: what has it in common with BN, and what not?",
      where: "Q&A 11",
    },
    {
      zh: "老师，BN层与IN（Instance Normalization）的区别？",
      en: "What is the difference between BN and IN (instance normalization)?",
      where: "Q&A 13",
    },
  ],
  claim: `The same: layer, instance and group norm are the kernels of batch norm over x taken as another shape. Different: by
them a sample's result does not depend, by a bit, on the other samples, by batch norm it does.`,
  refutedBy: `y or dx of any of them that is off from its own formula in float64 by more than 1e-6 of the largest value, which
is what the library promises for batch norm; a bit in which a sample's y differs from that of the sample alone, for layer,
instance or group norm; or no such bit for batch norm`,
  method: `Random maps of several shapes, N x H x W x C. Then LeNet with ReLU, whose two convolutions each have one of the
normalizations behind them, trained at rate 0.05 with batches of several sizes for equally many epochs; batch norm
is tested by running statistics, the others know no difference.`,

  plan(scale) {
    const shapes: Shape[] = [
      [2, 3, 5, 4],
      [8, 8, 8, 16],
      [5, 7, 11, 6],
      [16, 24, 24, 6],
    ];
    const network = { body: "lenet", activation: "relu", norm: {}, where: [0, 1] } as const;
    const settings = { network, lr: 0.05, epochs: 1, images: scale.full(2_000, 800), measurements: 1 };
    const trainings = (kind: Kind) =>
      scale
        .full([2, 4, 16, 64], [2, 32])
        .map((batch) => arm(kinds[kind].recipe, { ...settings, batch }, scale.seeds(3, 1)));
    return {
      views: shapes.map((shape) => arm(views, { shape }, scale.seeds(5, 2))),
      batch: trainings("batch"),
      layer: trainings("layer"),
      instance: trainings("instance"),
      group: trainings("group"),
    };
  },

  conclude(outcomes) {
    const checks = (kind: Kind) => outcomes.views.flatMap(({ results }) => results.map((result) => result[kind]));
    const exact = (kind: Kind) => worst(checks(kind).map(({ exact }) => exact)).relative ?? Infinity;
    const alone = (kind: Kind) => worst(checks(kind).map(({ alone }) => alone));
    const others = names.filter((kind) => kind !== "batch");
    const dependent = sum(others.map((kind) => alone(kind).differing));
    const off = Math.max(...names.map(exact));
    const holds = off <= 1e-6 && dependent === 0 && alone("batch").differing > 0;
    const batches = outcomes.batch.map(({ settings }) => settings.batch);
    const accuracy = (kind: Kind) => outcomes[kind].map(({ results }) => results.map(final));
    return {
      verdict: holds ? "holds" : "does not hold here",
      summary:
        `All four are within ${figure(off, 2)} of their formulas. With other samples beside it, ${dependent} of ` +
        `${sum(others.map((kind) => alone(kind).values))} values change by layer, instance and group norm, ` +
        `${alone("batch").differing} of ${alone("batch").values} by batch norm.`,
      tables: [
        {
          head: ["", "statistics over", "so many", "x to the kernels", "off the formula", "other samples change"],
          rows: names.map((kind) => [
            kinds[kind].name,
            kinds[kind].over,
            { batch: "C", layer: "N", instance: "N C", group: "2 N" }[kind],
            kinds[kind].view,
            figure(exact(kind), 2),
            `${alone(kind).differing} of ${alone(kind).values}`,
          ]),
        },
        {
          head: ["test accuracy, batches of", ...batches.map((batch) => `${batch}`)],
          rows: names.map((kind) => [kinds[kind].name, ...accuracy(kind).map((values) => percents(values))]),
        },
      ],
      charts: [
        {
          name: "batches",
          alt: "Test accuracy over batch size by batch, layer, instance and group norm",
          spec: lineChart({
            title: "Test accuracy by images a batch, after one epoch",
            x: {
              title: "images a batch",
              scale: "log",
              values: batches,
              domain: [batches[0], batches[batches.length - 1]],
            },
            y: { title: "test accuracy", format: "%", domain: [0, 1] },
            marks: true,
            points: names.flatMap((kind) =>
              accuracy(kind).map((values, i) => ({
                series: kinds[kind].name,
                x: batches[i],
                y: mean(values),
                low: Math.min(...values),
                high: Math.max(...values),
              })),
            ),
          }),
        },
      ],
      discussion: [
        `Since they do not look at other samples, the three need no running statistics, are the same in training and at inference,
and take batches of one. Gamma and beta stay one a channel of the network, so they are applied behind the kernels, whose
channels are samples or groups here. In a dense layer instance norm has one value to take statistics of, and layer norm
those of all units.`,
        `Larger batches take fewer steps in an epoch, so that down a column the four can be compared, along a row only the size's
whole effect.`,
      ],
    };
  },
});
