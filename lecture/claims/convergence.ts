import { defineExperiment, type Scale } from "../experiment.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { median, percent } from "../report/numbers.js";
import type { Measurement, Training } from "../training/classifier.js";
import { lenetMethod, lenetRuns } from "../training/lenet-runs.js";

/** Test accuracies to be reached. A quick run does not get as far. */
const levelsOf = (scale: Scale) => scale.full([0.8, 0.85], [0.6, 0.7]);

type Statistics = "test" | "precise";

/** The first measurement at which accuracy has reached `level`; null if none has. */
const reached = ({ curve }: Training, level: number, by: Statistics): Measurement | null =>
  curve.find((point) => (point[by] ?? 0) >= level) ?? null;

export const convergence = defineExperiment({
  name: "convergence",
  title: "Training converges sooner",
  lecture: [
    {
      zh: "不太理解，为什么加了batch norm收敛时间变短？",
      en: "I do not quite understand: why does adding batch norm shorten the time to convergence?",
      where: "Q&A 9",
    },
    {
      zh: "批量归一化是一种流行且有效的技术，它可以持续加速深层网络的收敛速度",
      en: "Batch normalization is a popular and effective technique that consistently speeds up the convergence of deep networks",
      where: "introduction",
    },
  ],
  claim: `LeNet reaches a test accuracy of 80 % (a quick run: 60 %) in at most half the epochs with batch norm, by precise statistics; so it
does by running ones, which is what prediction has.`,
  refutedBy: `a median over seeds of more than half the epochs: by precise statistics the claim does not hold; by running
ones alone, it holds with a condition. A network that never reaches it counts as the epochs of the run.`,
  method: `${lenetMethod}; measured after every epoch.`,

  plan: lenetRuns,

  conclude({ withNorm: [withNorm], without: [without] }, scale) {
    const levels = levelsOf(scale);
    const { epochs } = withNorm.settings;
    const reach = ({ results }: typeof withNorm, level: number, by: Statistics) =>
      median(results.map((result) => reached(result, level, by)?.epoch ?? epochs));
    const isTwice = (by: Statistics) => 2 * reach(withNorm, levels[0], by) <= reach(without, levels[0], by);
    const cell = ({ results }: typeof withNorm, level: number, by: Statistics) => {
      const found = results.map((result) => reached(result, level, by));
      const steps = found.map((point) => (point === null ? "never" : `${point.epoch} (${point.step})`));
      return steps.join(", ");
    };
    const arms = [
      { name: "with batch norm, precise statistics", arm: withNorm, by: "precise" },
      { name: "with batch norm, running statistics", arm: withNorm, by: "test" },
      { name: "without", arm: without, by: "test" },
    ] as const;
    const never = (level: number) =>
      without.results.every((result) => reached(result, level, "test") === null) ? ` (never within ${epochs})` : "";
    return {
      verdict: !isTwice("precise") ? "does not hold here" : isTwice("test") ? "holds" : "holds with a condition",
      summary: [
        `${percent(levels[0], 0)} after ${reach(withNorm, levels[0], "precise")} epochs with batch norm by precise`,
        `statistics, ${reach(withNorm, levels[0], "test")} by running ones, and ${reach(without, levels[0], "test")}`,
        `without${never(levels[0])}, medians over ${withNorm.results.length} seeds.`,
      ].join(" "),
      tables: [
        {
          title: `Epochs (steps) to a test accuracy, a seed each, within ${epochs} epochs`,
          head: ["", ...levels.map((level) => percent(level, 0))],
          rows: arms.map(({ name, arm, by }) => [name, ...levels.map((level) => cell(arm, level, by))]),
        },
      ],
      charts: [
        {
          name: "accuracy",
          alt: "Test accuracy over epochs, with batch norm by precise and by running statistics, and without",
          spec: lineChart({
            title: "Test accuracy of LeNet over epochs",
            x: { title: "epoch" },
            y: { title: "test accuracy", format: "%" },
            points: [arms[0], arms[2], arms[1]].flatMap(({ name, arm, by }) =>
              arm.results[0].curve.map(({ epoch }, i) => ({
                series: name,
                x: epoch,
                ...overSeeds(arm.results.map(({ curve }) => curve[i]?.[by] ?? null)),
              })),
            ),
          }),
        },
        {
          name: "loss",
          alt: "Training loss over epochs, with batch norm and without",
          spec: lineChart({
            title: "Training loss of LeNet over epochs",
            x: { title: "epoch" },
            y: { title: "cross entropy" },
            points: [arms[0], arms[2]].flatMap(({ name, arm }) =>
              arm.results[0].curve.map(({ epoch }, i) => ({
                series: name.split(",")[0],
                x: epoch,
                ...overSeeds(arm.results.map(({ curve }) => curve[i]?.loss ?? null)),
              })),
            ),
          }),
        },
      ],
      discussion: [
        `Without batch norm the sigmoids pass on next to nothing at first: the loss stays at that of chance (2.303) before the
network starts to learn. Why batch norm shortens this is what
[gradients by depth](#gradients-by-depth) and [internal covariate shift](#internal-covariate-shift) look into.`,
      ],
    };
  },
});
