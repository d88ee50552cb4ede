import { arm, defineExperiment } from "../experiment.js";
import { dotChart, overSeeds } from "../report/charts.js";
import { figure, mean, percent, percents, summarize } from "../report/numbers.js";
import { type ClassifierSettings, classifier, type Training } from "../training/classifier.js";

/** Standard deviations over seeds up to which one run cannot tell a difference. */
const NOISE = 2;

const final = ({ curve, divergedAt }: Training) => (divergedAt === null ? (curve.at(-1)?.test ?? 0.1) : 0.1);

/** Test accuracies of one way to train, a seed each. */
interface Variant {
  readonly label: string;
  readonly values: readonly number[];
}

export const whatToCompare = defineExperiment({
  name: "what-to-compare",
  title: "What a comparison must hold equal",
  lecture: [
    {
      zh: "一般怎么衡量严格对比是否有必要？一般什么因素可以在做对比实验的时候稍微忽略？batch sizw？学习率？框架？epoch数？",
      en: "How does one judge whether a strict comparison is needed? Which factors may be neglected a little: batch size? learning rate? framework? number of epochs?",
      where: "Q&A 10",
    },
  ],
  claim: `Factors are told apart by the noise of the seeds: batch size, learning rate, initial weights or epochs, halved or
doubled, or batch norm's constants as another framework sets them, move the test accuracy partly by no more than
${NOISE} standard deviations over seeds, which one run cannot tell from chance, and partly by more.`,
  refutedBy: `all of the changes within ${NOISE} standard deviations, or all beyond`,
  method: `Dense network 784-64-32-10 with batch norm and relu, batches of 128, rate 0.1, 4 epochs of 5,000 images; one factor at a
time; the verdict is on twofold changes and the framework's, fourfold ones are for comparison.
Standard deviation: over seeds of the training that the others are compared with. Framework: eps and momentum as in Keras (1e-3
and 0.01 for the new batch) in place of PyTorch's (1e-5 and 0.1).`,

  plan(scale) {
    const network = { body: [64, 32], activation: "relu", norm: {} } as const;
    const base = { network, batch: 128, lr: 0.1, epochs: 4, images: scale.full(5000, 3000), measurements: 1 / 16 };
    const by = (factor: number): ClassifierSettings[] => [
      ...[base.batch / factor, base.batch * factor].map((batch) => ({ ...base, batch })),
      ...[base.lr / factor, base.lr * factor].map((lr) => ({ ...base, lr })),
      ...[1 / factor, factor].map((initScale) => ({ ...base, network: { ...network, initScale } })),
      ...[base.epochs / factor, base.epochs * factor].map((epochs) => ({ ...base, epochs })),
    ];
    const framework: ClassifierSettings[] = [{ eps: 1e-3 }, { momentum: 0.01 }].map((norm) => ({
      ...base,
      network: { ...network, norm },
    }));
    const seeds = scale.seeds(8, 3);
    // One seed has no noise to compare with.
    const armOf = (settings: ClassifierSettings) => arm(classifier, settings, seeds.length > 1 ? seeds : [1, 2]);
    return { arms: [base, ...by(2), ...framework].map(armOf), fourfold: by(4).map(armOf) };
  },

  conclude({ arms, fourfold }) {
    const [{ settings: base }] = arms;
    const variants: Variant[] = [...arms, ...fourfold].map(({ settings, results }) => ({
      label: nameOf(settings, base),
      values: results.map(final),
    }));
    const [reference, ...others] = variants;
    const { mean: center, deviation, count } = summarize(reference.values);
    const changes = others.map(({ label, values }) => {
      const other = summarize(values);
      const difference = other.mean - center;
      const error = Math.sqrt((deviation ** 2 + other.deviation ** 2) / count);
      return { label, values, difference, isNoise: Math.abs(difference) <= NOISE * deviation, error };
    });
    const judged = changes.slice(0, arms.length - 1);
    const noise = judged.filter(({ isNoise }) => isNoise);
    const told = judged.filter(({ isNoise }) => !isNoise);
    const toldFourfold = changes.slice(arms.length - 1).filter(({ isNoise }) => !isNoise);
    const list = (some: typeof changes) => (some.length > 0 ? some.map(({ label }) => label).join(", ") : "none");
    const points = (value: number) => `${value > 0 ? "+" : ""}${(100 * value).toFixed(1)}`;
    return {
      verdict: noise.length > 0 && told.length > 0 ? "holds" : "does not hold here",
      summary: [
        `By the seed alone ${percent(center)} ± ${(100 * deviation).toFixed(1)}. Within ${NOISE} standard deviations:`,
        `${list(noise)}; beyond: ${list(told)} (of fourfold changes ${list(toldFourfold)}).`,
      ].join(" "),
      tables: [
        {
          title: `Test accuracy, ${count} seeds`,
          head: ["", "test accuracy", "difference in points", "in standard deviations", `told by ${count} seeds`],
          rows: [
            [reference.label, percents(reference.values), "", "", ""],
            ...changes.map(({ label, values, difference, error }) => [
              label,
              percents(values),
              points(difference),
              figure(difference / deviation, 2),
              Math.abs(difference) > 2 * error ? "yes" : "no",
            ]),
          ],
        },
      ],
      charts: [
        {
          name: "factors",
          alt: "Test accuracy by factor changed, means and ranges over seeds",
          spec: dotChart({
            title: "What changes the test accuracy, and how much the seed does",
            subtitle: `Means of ${count} seeds, and from the least to the greatest`,
            value: { title: "test accuracy", format: ".1%" },
            bars: variants.map(({ label, values }) => {
              const { low, high } = overSeeds(values);
              return { label, value: mean(values), low, high };
            }),
          }),
        },
      ],
      discussion: [
        `"Told by ${count} seeds": the difference of the means is more than two standard errors. What one run cannot tell,
several may; what neither can tell may be neglected in comparisons of this network at this accuracy.`,
      ],
    };
  },
});

/** Names the settings that differ from `base`. */
function nameOf(settings: ClassifierSettings, base: ClassifierSettings): string {
  const { batch, lr, epochs, network } = settings;
  if (batch !== base.batch) return `batch size ${batch}`;
  if (lr !== base.lr) return `rate ${lr}`;
  if (epochs !== base.epochs) return `${epochs} epoch${epochs > 1 ? "s" : ""}`;
  if (network.initScale !== undefined) return `initial weights x ${network.initScale}`;
  if (network.norm?.eps !== undefined) return `eps ${network.norm.eps}`;
  if (network.norm?.momentum !== undefined) return `momentum ${network.norm.momentum}`;
  return "nothing changed";
}
