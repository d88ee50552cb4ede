import { arm, defineExperiment } from "../experiment.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { figures, mean, percent, percents } from "../report/numbers.js";
import { type ClassifierSettings, classifier, type Training } from "../training/classifier.js";
import type { NetworkSettings } from "../training/network.js";

const activations = ["sigmoid", "relu"] as const;

const placements = {
  "before the activation": { norm: {}, placement: "before" },
  none: { norm: null },
  "after the activation": { norm: {}, placement: "after" },
  "on the layer's input": { norm: {}, placement: "input" },
} satisfies Record<string, Pick<NetworkSettings, "norm" | "placement">>;

type Placement = keyof typeof placements;

const others = ["after the activation", "on the layer's input"] as const;

/** Another placement counts as good if it is at most this far below batch norm before the activation. */
const MARGIN = 0.01;

/** Mean of the last three epochs, which a single lucky step moves less. */
const final = ({ curve, divergedAt }: Training) =>
  divergedAt === null ? mean(curve.slice(-3).map(({ precise }) => precise ?? 0.1)) : 0.1;
const loss = ({ curve, divergedAt }: Training) => (divergedAt === null ? (curve.at(-1)?.loss ?? null) : null);

export const placement = defineExperiment({
  name: "placement",
  title: "Before the activation, after it, or on the input of the layer",
  lecture: [
    {
      zh: "batch norm可以加在激活函数之后么？",
      en: "Can batch norm come after the activation function?",
      where: "Q&A 12",
    },
    {
      zh: "批量归一化层可以作用在全连接或者卷积层的输出上，激活函数前，也可以作用在全连接层和卷积层的输入上",
      en: "Batch norm can act on the output of a dense or convolutional layer, before the activation, or on such a layer's input",
      where: "Batch normalization layer",
    },
  ],
  claim: `Batch norm after the activation and on the layer's input work as well as before the activation: with sigmoids and
with relus the test accuracy is at most ${percent(MARGIN, 0)} lower.`,
  refutedBy: `a mean final test accuracy more than ${percent(MARGIN, 0)} below that of batch norm before the activation, or not
above that of a network without. For some of the four cases (two placements, two activations): it holds with a condition; for
all: it does not hold.`,
  method: `Dense network of three hidden layers of 100 units, batches of 128, plain gradient descent at rate 0.3, equally many
epochs. Test accuracy: mean of the last three epochs, by precise statistics, so that the error of running ones does not
matter.`,

  plan(scale) {
    const training = { lr: 0.3, batch: 128, epochs: scale.full(10, 4), precise: true };
    const arms = activations.flatMap((activation) =>
      (Object.keys(placements) as Placement[]).map((name) => {
        const network: NetworkSettings = { body: [100, 100, 100], activation, ...placements[name] };
        const settings: ClassifierSettings = { ...training, images: scale.full(10_000, 4_000), network };
        return arm(classifier, settings, scale.seeds(3, 1));
      }),
    );
    return { arms };
  },

  conclude({ arms }) {
    const names = Object.keys(placements) as Placement[];
    const of = (activation: (typeof activations)[number], name: Placement) =>
      arms[activations.indexOf(activation) * names.length + names.indexOf(name)].results;
    const end = (activation: (typeof activations)[number], name: Placement) => mean(of(activation, name).map(final));
    const cases = activations.flatMap((activation) =>
      others.map((name) => {
        const value = end(activation, name);
        const behind = end(activation, "before the activation") - value;
        return { activation, name, behind, works: behind <= MARGIN && value > end(activation, "none") };
      }),
    );
    const working = cases.filter(({ works }) => works).length;
    return {
      verdict: working === cases.length ? "holds" : working > 0 ? "holds with a condition" : "does not hold here",
      summary: `Test accuracy against batch norm before the activation: ${cases
        .map(({ activation, name, behind }) => `${signed(-behind)} ${name} (${activation})`)
        .join(", ")}; ${activations
        .map(
          (name) =>
            `${percent(end(name, "before the activation"))} before it and ${percent(end(name, "none"))} without (${name})`,
        )
        .join(", ")}.`,
      tables: [
        {
          title: "At the end",
          head: ["batch norm", ...activations.flatMap((name) => [`test accuracy, ${name}`, `training loss, ${name}`])],
          rows: names.map((name) => [
            name,
            ...activations.flatMap((activation) => [
              percents(of(activation, name).map(final)),
              figures(of(activation, name).map(loss)),
            ]),
          ]),
        },
      ],
      charts: [
        {
          name: "loss",
          alt: "Training loss over epochs by placement, for sigmoid and relu",
          spec: lineChart({
            title: "Training loss by where batch norm is",
            x: { title: "epoch" },
            y: { title: "cross entropy", scale: "log" },
            marks: true,
            points: activations.flatMap((activation) =>
              names.flatMap((series) =>
                (of(activation, series)[0]?.curve ?? []).map(({ epoch }, i) => ({
                  panel: activation,
                  series: series === "none" ? "without batch norm" : series,
                  x: epoch,
                  ...overSeeds(of(activation, series).map(({ curve }) => curve[i]?.loss ?? null)),
                })),
              ),
            ),
          }),
        },
      ],
      discussion: [
        `On a layer's input is, but for the first layer, the same place as after the activation of the layer below: the two
differ in what becomes of the image and of the last hidden layer's output, which only the latter normalizes.`,
      ],
    };
  },
});

/** "+0.4 points" */
function signed(difference: number): string {
  const points = (100 * difference).toFixed(1);
  return `${difference > 0 ? "+" : ""}${points} points`;
}
