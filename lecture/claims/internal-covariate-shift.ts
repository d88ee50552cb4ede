import { arm, defineExperiment } from "../experiment.js";
import type { Shift, Smoothness } from "../measurements/landscape.js";
import { type StabilityPoint, type StabilitySettings, stability } from "../measurements/stability.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { figure, figures, mean, median, percent, percents } from "../report/numbers.js";
import type { NetworkSettings } from "../training/network.js";

const WITH = "with batch norm";
const WITHOUT = "without";
const NOISY = "with batch norm and noise after it";
const names = [WITH, WITHOUT, NOISY] as const;

type Measure = keyof (Smoothness & Shift);

const measures: Record<Measure, string> = {
  lossRange: "range of the loss",
  gradientDistance: "distance of gradients",
  relativeDistance: "the same over the gradient's length",
  beta: "effective beta-smoothness",
  shift: "internal covariate shift",
  relativeShift: "the same over the gradient's length",
  cosine: "cosine of gradients before and after",
};

type Curve = readonly StabilityPoint[];

export const internalCovariateShift = defineExperiment({
  name: "internal-covariate-shift",
  title: "Batch norm does not work by reducing internal covariate shift",
  lecture: [
    {
      zh: "最初在论文中提出它的时候是为了减少内部协变量转移",
      en: "The paper that proposed it did so in order to reduce internal covariate shift",
      where: "Details",
    },
    {
      zh: "后续论文发现它并没有减少内部协变量的转移",
      en: "Later papers found that it does not reduce internal covariate shift",
      where: "Details",
    },
  ],
  claim: `(1) With noise after every batch norm that makes the layers' inputs drift more than in a network without batch norm,
training comes nearer to that with batch norm than to that without. (2) Batch norm does not reduce internal covariate shift:
the gradient of a layer changes as much, relative to its length, when the layers below take their step. (3) It makes the
landscape smoother: along the gradient the loss ranges less, gradients differ less, effective beta-smoothness is less.`,
  refutedBy: `(1) with noise, a mean final test accuracy nearer to that without batch norm, or inputs that drift no more than
there: the claim does not hold. (2) a lower mean relative shift with batch norm, or (3) one of the three measures not lower
with batch norm: it holds with a condition.`,
  method: `Three hidden layers of 100 sigmoids, batches of 128, plain gradient descent at rate 0.5. Measures of Santurkar et
al. (2018), who used VGG on CIFAR-10: shift of a layer's gradient by the step of the layers below, mean of layers; loss and
gradients at 1/2, 1, 2 and 4 steps along the gradient; medians over training. Noise: shifts in ±1.5, factors in 1 to 1.25 of
each unit, others at each step: enough
to make inputs drift more than without batch norm. Drift: mean change in one step of the means of the last hidden layer's inputs, in standard
deviations.`,

  plan(scale) {
    const steps = scale.full(1500, 300);
    const arms = names.map((name) => {
      const norm = name === WITHOUT ? null : {};
      const network: NetworkSettings = { body: [100, 100, 100], activation: "sigmoid", norm };
      const noise = name === NOISY;
      const settings: StabilitySettings = { network, noise, lr: 0.5, batch: 128, steps, interval: scale.full(50, 20) };
      return arm(stability, settings, scale.seeds(3, 1));
    });
    return { arms };
  },

  conclude({ arms }) {
    const of = (name: (typeof names)[number]): readonly Curve[] => arms[names.indexOf(name)].results;
    const finals = (name: (typeof names)[number]) => of(name).map((curve) => curve[curve.length - 1].test);
    const drifts = (name: (typeof names)[number]) => of(name).map((curve) => mean(curve.map((p) => p.drift ?? NaN)));
    const medians = (name: (typeof names)[number], measure: Measure) =>
      of(name).map((curve) => median(curve.map(({ landscape }) => landscape?.[measure] ?? NaN)));
    const { steps } = arms[0].settings;

    const [endWith, endWithout, endNoisy] = names.map((name) => mean(finals(name)));
    const [driftWith, driftWithout, driftNoisy] = names.map((name) => mean(drifts(name)));
    const trainsDespiteNoise =
      endNoisy > endWithout && endNoisy - endWithout > Math.abs(endWith - endNoisy) && driftNoisy > driftWithout;
    const ratio = (measure: Measure) => mean(medians(WITH, measure)) / mean(medians(WITHOUT, measure));
    const isNotReduced = ratio("relativeShift") >= 1;
    const smooth = (["lossRange", "gradientDistance", "beta"] as const).map(ratio);
    const isSmoother = smooth.every((value) => value < 1);
    const chart =
      (measures: readonly Measure[], names: Record<string, string>) => (pick: typeof WITH | typeof WITHOUT) =>
        measures.flatMap((measure) =>
          of(pick)[0].map(({ step }, i) => ({
            panel: names[measure],
            series: pick,
            x: step,
            ...overSeeds(of(pick).map((curve) => curve[i].landscape?.[measure] ?? null)),
          })),
        );
    const smoothnessPoints = chart(["lossRange", "gradientDistance", "beta"], measures);
    return {
      verdict: !trainsDespiteNoise
        ? "does not hold here"
        : isNotReduced && isSmoother
          ? "holds"
          : "holds with a condition",
      summary: [
        `With noise the inputs drift ${figure(driftNoisy)} standard deviations a step (${figure(driftWithout)} without`,
        `batch norm, ${figure(driftWith)} with it), test accuracy is ${percent(endNoisy)} (${percent(endWithout)},`,
        `${percent(endWith)}); batch norm's relative covariate shift is ${figure(ratio("relativeShift"))} times that without,`,
        `its loss range, gradient distance and beta ${smooth.map((value) => figure(value)).join(", ")} times.`,
      ].join(" "),
      tables: [
        {
          head: ["", `test accuracy after ${steps} steps`, "drift in one step"],
          rows: names.map((name) => [name, percents(finals(name)), figures(drifts(name))]),
        },
        {
          title: "Medians over training",
          head: ["", WITH, WITHOUT],
          rows: (Object.keys(measures) as Measure[]).map((measure) => [
            measures[measure],
            ...([WITH, WITHOUT] as const).map((name) => figures(medians(name, measure))),
          ]),
        },
      ],
      charts: [
        {
          name: "noise",
          alt: "Test accuracy over steps: with batch norm, without, with batch norm and noise",
          spec: lineChart({
            title: "Noise that makes the inputs of the layers drift, and what it does to training",
            x: { title: "steps" },
            y: { title: "test accuracy", format: "%" },
            points: names.flatMap((series) =>
              of(series)[0].map(({ step }, i) => ({
                series,
                x: step,
                ...overSeeds(of(series).map((curve) => curve[i].test)),
              })),
            ),
          }),
        },
        {
          name: "drift",
          alt: "Drift of the last hidden layer's inputs over steps",
          spec: lineChart({
            title: "Drift of the last hidden layer's inputs in one step",
            x: { title: "steps" },
            y: { title: "change of the mean, in standard deviations", scale: "log" },
            points: names.flatMap((series) =>
              of(series)[0].map(({ step }, i) => ({
                series,
                x: step,
                ...overSeeds(of(series).map((curve) => curve[i].drift)),
              })),
            ),
          }),
        },
        {
          name: "smoothness",
          alt: "Range of the loss, distance of gradients and effective beta-smoothness along the gradient, over steps",
          spec: lineChart({
            title: "How much loss and gradient change along the gradient",
            x: { title: "steps" },
            y: { title: "measure", scale: "log" },
            sharedY: false,
            points: [...smoothnessPoints(WITH), ...smoothnessPoints(WITHOUT)],
          }),
        },
      ],
      discussion: [
        `On a plateau, such as sigmoids without batch norm begin on, gradients are small and change little: what is measured
there says little of how well a network can be trained. The measures over the gradient's length do not depend on its scale.
Test accuracy is by running statistics and without noise.`,
      ],
    };
  },
});
