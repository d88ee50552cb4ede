import { arm, defineExperiment, type Outcome } from "../experiment.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { mean, percent, percents } from "../report/numbers.js";
import { type ClassifierSettings, classifier, type Training } from "../training/classifier.js";
import { ghostClassifier } from "../training/ghost.js";
import type { NetworkSettings } from "../training/network.js";

const WITH = "with batch norm";
const WITHOUT = "without";
const PRECISE = "with batch norm, precise statistics";

type Trainings = Outcome<ClassifierSettings, Training>;

const end = ({ curve, divergedAt }: Training) => (divergedAt === null ? (curve.at(-1)?.test ?? 0.1) : 0.1);
const precise = ({ curve, divergedAt }: Training) => (divergedAt === null ? (curve.at(-1)?.precise ?? 0.1) : 0.1);
/** Mean absolute change of test accuracy from one measurement to the next, in the later half of training. */
const jump = ({ curve }: Training) => {
  const late = curve.slice(Math.floor(curve.length / 2));
  return mean(late.slice(1).map(({ test }, i) => Math.abs(test - late[i].test)));
};

/** "Large enough" is from here on; the least is that of the sweep. */
const LARGE = 32;
/** The batch size that is divided into ghost batches. */
const WHOLE = 256;
const body: NetworkSettings = { body: [128, 64], activation: "relu", norm: {} };

export const batchSize = defineExperiment({
  name: "batch-size",
  title: "Batch norm and the size of the batch",
  lecture: [
    {
      zh: "只有使用足够大的小批量，批量规一化才是有效且稳定的",
      en: "Only with large enough batches is batch normalization effective and stable",
      where: "Notes 2",
    },
    {
      zh: "在使用批量规一化时，批量大小的选择可能比没有批量归一化时更重要",
      en: "With batch normalization the choice of the batch size may matter more than without",
      where: "Notes 3",
    },
  ],
  claim: `(1) At equally many epochs batch norm gains test accuracy at every batch size from ${LARGE} to 256 and none at 2, and
test accuracy changes less from measurement to measurement at ${LARGE} to 256 than at 2. (2) Mean test accuracies differ more
among batch sizes (greatest less least) with batch norm than without, both at equally many epochs and at equally many steps.`,
  refutedBy: `(1) a gain at 2, no gain at a size from ${LARGE} to 256, or changes that are not smaller there; (2) a difference
among batch sizes that is not greater with batch norm, at equal epochs or at equal steps. Some of these: it holds with a
condition. (1) and both parts of (2) refuted: it does not hold.`,
  method: `Dense network 784-128-64-10 with relus, plain gradient descent at rate 0.1 for all, with batches of 2 to 1024: equally
many epochs, then equally many steps. Test accuracy by running statistics, and also by precise ones. Then ghost batches:
always ${WHOLE} images a step, normalized in groups of 2 to ${WHOLE}, running statistics of all ${WHOLE}: nothing but the noise
of the statistics differs.`,

  plan(scale) {
    const sizes = scale.full([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], [2, 8, 32, 256, 1024]);
    const [images, epochs, steps] = [scale.full(3000, 1500), scale.full(4, 2), scale.full(300, 60)];
    const both = [body, { ...body, norm: null }];
    const seeds = scale.seeds(3, 1);
    const sweep = (settings: (batch: number) => Omit<ClassifierSettings, "network" | "batch" | "lr">) =>
      both.flatMap((network) =>
        sizes.map((batch) =>
          arm(classifier, { network, batch, lr: 0.1, precise: network.norm !== null, ...settings(batch) }, seeds),
        ),
      );
    // Exactly WHOLE images a step, as the groups need.
    const whole = { network: body, lr: 0.1, batch: WHOLE, images: 10 * WHOLE, precise: true };
    const ghostEpochs = scale.full(15, 4);
    const groups = scale.full([2, 4, 8, 16, 32, 64, 128, 256], [2, 8, 32, 256]);
    return {
      epochs: sweep(() => ({ images, epochs, measurements: 2 })),
      // Enough epochs for the steps; the only measurement is at the end.
      steps: sweep((batch) => ({ epochs: 1 + Math.ceil((steps * batch) / 1000), steps, measurements: 1e-6 })),
      ghosts: groups.map((group) =>
        arm(ghostClassifier(group), { ...whole, epochs: ghostEpochs, measurements: 1 / ghostEpochs }, seeds),
      ),
    };
  },

  conclude({ epochs, steps, ghosts }, scale) {
    const sizes = [...new Set(epochs.map(({ settings }) => settings.batch))];
    const groups = scale.full([2, 4, 8, 16, 32, 64, 128, 256], [2, 8, 32, 256]);
    const of = (sweep: readonly Trainings[], name: string, size: number) =>
      sweep.filter(
        ({ settings }) => settings.batch === size && (settings.network.norm === null) === (name === WITHOUT),
      )[0].results;
    const at = (sweep: readonly Trainings[], name: string, size: number) => mean(of(sweep, name, size).map(end));
    const gain = (size: number) => at(epochs, WITH, size) - at(epochs, WITHOUT, size);
    const changes = (name: string, size: number) => mean(of(epochs, name, size).map(jump));
    const large = sizes.filter((size) => size >= LARGE && size <= WHOLE);
    const least = sizes[0];
    const isEffective = gain(least) <= 0 && large.every((size) => gain(size) > 0);
    const isStable = large.every((size) => changes(WITH, size) < changes(WITH, least));
    const range = (sweep: readonly Trainings[], name: string) => {
      const values = sizes.map((size) => at(sweep, name, size));
      return Math.max(...values) - Math.min(...values);
    };
    const isMore = [epochs, steps].map((sweep) => range(sweep, WITH) > range(sweep, WITHOUT));
    const points = (value: number) => `${value > 0 ? "+" : ""}${(100 * value).toFixed(1)}`;
    const first = isEffective && isStable;
    const panels = { "equally many epochs": epochs, "equally many steps": steps };
    return {
      verdict:
        first && isMore.every(Boolean)
          ? "holds"
          : first || isMore.some(Boolean)
            ? "holds with a condition"
            : "does not hold here",
      summary: [
        `At equal epochs batch norm gains ${points(gain(least))} points at batches of ${least},`,
        `${large.map((size) => `${points(gain(size))} at ${size}`).join(", ")}; from measurement to measurement accuracy`,
        `changes by ${percent(changes(WITH, least))} at ${least} and at most`,
        `${percent(Math.max(...large.map((size) => changes(WITH, size))))} at ${LARGE} to ${WHOLE}. Among batch sizes it differs by`,
        `${points(range(epochs, WITH))} points with batch norm and ${points(range(epochs, WITHOUT))} without at equal epochs,`,
        `${points(range(steps, WITH))} and ${points(range(steps, WITHOUT))} at equal steps.`,
      ].join(" "),
      tables: [
        ...Object.entries(panels).map(([title, sweep]) => ({
          title: `Test accuracy after ${title}`,
          head: ["batch", WITH, "the same, precise statistics", WITHOUT],
          rows: sizes.map((size) => [
            `${size}`,
            percents(of(sweep, WITH, size).map(end)),
            percents(of(sweep, WITH, size).map(precise)),
            percents(of(sweep, WITHOUT, size).map(end)),
          ]),
        })),
        {
          title: "Change of test accuracy between measurements, each after half an epoch",
          head: ["batch", WITH, WITHOUT],
          rows: sizes.map((size) => [`${size}`, ...[WITH, WITHOUT].map((name) => percent(changes(name, size)))]),
        },
        {
          title: `Ghost batches: groups in steps of ${WHOLE} images`,
          head: ["images in a group", "test accuracy, running statistics", "precise statistics"],
          rows: ghosts.map(({ results }, i) => [
            `${groups[i]}`,
            percents(results.map(end)),
            percents(results.map(precise)),
          ]),
        },
      ],
      charts: [
        {
          name: "sweep",
          alt: "Test accuracy by batch size, at equally many epochs and at equally many steps",
          spec: lineChart({
            title: "Test accuracy by size of the batch",
            x: {
              title: "images in a batch",
              scale: "log",
              values: sizes.filter((_, i) => !scale.full(i % 2, 0)),
              domain: [least, sizes[sizes.length - 1]],
            },
            y: { title: "test accuracy", format: "%" },
            marks: true,
            points: Object.entries(panels).flatMap(([panel, sweep]) =>
              [WITH, WITHOUT, PRECISE].flatMap((series) =>
                sizes.map((size) => ({
                  panel,
                  series,
                  x: size,
                  ...overSeeds(of(sweep, series, size).map(series === PRECISE ? precise : end)),
                })),
              ),
            ),
          }),
        },
        {
          name: "ghost",
          alt: "Test accuracy by size of the groups that are normalized together, in steps of 256 images",
          spec: lineChart({
            title: `Test accuracy by size of the groups normalized together, in steps of ${WHOLE} images`,
            x: { title: "images in a group", scale: "log", values: groups, domain: [groups[0], WHOLE] },
            y: { title: "test accuracy", format: "%" },
            marks: true,
            points: ["running statistics", "precise statistics"].flatMap((series, s) =>
              ghosts.map(({ results }, i) => ({
                series,
                x: groups[i],
                ...overSeeds(results.map(s === 0 ? end : precise)),
              })),
            ),
          }),
        },
      ],
      discussion: [
        `Running statistics are a moving average over the last ten batches or so, whatever their size: of batches of ${least} that is
about ${10 * least} images. Where precise statistics do much better than running ones, the weights were learned, and the estimate for
prediction is what fails. A batch of 2 has nothing but signs after normalization: of two different values one becomes
about -1 and the other about 1.`,
        `All batch sizes use one rate. At equally many epochs the large ones take few steps, at equally many steps the small ones see
few images; that is so with batch norm and without, so that only the difference of the two tells of batch norm.`,
      ],
    };
  },
});
