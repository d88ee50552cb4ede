import { arm, defineExperiment } from "../experiment.js";
import { gradientsByLayer, type Layers, MEASURED } from "../measurements/layers.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { figure, figures, mean, percents } from "../report/numbers.js";

const WITH = "with batch norm";
const WITHOUT = "without";
const times = ["start", "end"] as const;

/** Returns the ratio of the movements of the uppermost and the lowest hidden layer, relative to their weights. */
const ratio = ({ relative }: Layers) => (relative.at(-1) ?? Number.NaN) / (relative[0] ?? Number.NaN);

export const gradientsByDepth = defineExperiment({
  name: "gradients-by-depth",
  title: "Gradients become smaller toward the data, and batch norm evens them out",
  lecture: [
    {
      zh: "梯度在上面的时候比较大，越到下面就越容易变小",
      en: "Gradients are larger in the upper layers and tend to become smaller the further down",
      where: "Problem",
    },
    {
      zh: "上面的层就会不断地更新；但是下面层因为梯度比较小，所以对权重地更新就比较少",
      en: "The upper layers keep being updated; the lower ones, whose gradients are small, are updated less",
      where: "Problem",
    },
    {
      zh: "不会出现学习率过大时，上层梯度爆炸，梯度较小时，下层梯度消失的情况",
      en: "[With batch norm] neither explode the upper layers' gradients at too large a rate nor vanish the lower ones'",
      where: "Summary",
    },
  ],
  claim: `In dense networks with sigmoids the relative update |dw|/|w| of the uppermost hidden layer exceeds that of the
lowest by a factor that grows with the depth, to 10 and more; with batch norm all layers move about equally, within a
factor of 10 at every depth.`,
  refutedBy: `without batch norm, a factor at the start that does not grow from each depth to the next, or stays below 10:
the claim fails; with batch norm, a factor above 10 or below 1/10 at any depth, at the start or after training: it holds
with a condition.`,
  method: `Dense networks of 2 to 20 hidden layers of 64 sigmoids, Xavier-uniform weights, batches of 128, plain gradient
descent at rate 0.5. Gradients of ${MEASURED} batches at the start and after training. Test accuracy by precise statistics.`,

  plan(scale) {
    const depths = scale.full([2, 4, 8, 12, 20], [2, 6, 12]);
    const arms = [{}, null].flatMap((norm) =>
      depths.map((depth) => {
        const body: readonly number[] = Array.from({ length: depth }, () => 64);
        const network = { body, activation: "sigmoid", norm } as const;
        const settings = { network, lr: 0.5, batch: 128, steps: scale.full(500, 120) };
        return arm(gradientsByLayer, settings, scale.seeds(3, 1));
      }),
    );
    return { arms };
  },

  conclude({ arms }) {
    const of = (name: string) => arms.filter(({ settings }) => (settings.network.norm === null) === (name === WITHOUT));
    const depthOf = ({ settings }: (typeof arms)[number]) => settings.network.body.length;
    const ratios = (o: (typeof arms)[number], time: (typeof times)[number]) => o.results.map((r) => ratio(r[time]));
    const steps = arms[0].settings.steps;
    const label = { start: "at the start", end: `after ${steps} steps` };

    const plain = of(WITHOUT).map((o) => mean(ratios(o, "start")));
    const grows = plain.every((value, i) => i === 0 || value > plain[i - 1]) && plain[plain.length - 1] >= 10;
    const normed = of(WITH).flatMap((o) => times.map((time) => mean(ratios(o, time))));
    const isEven = normed.every((value) => value < 10 && value > 0.1);
    const deepest = arms.map(depthOf).reduce((a, b) => Math.max(a, b));
    const learned = (name: string) =>
      Math.max(0, ...of(name).map((o) => (mean(o.results.map(({ test }) => test)) > 0.3 ? depthOf(o) : 0)));

    return {
      verdict: grows ? (isEven ? "holds" : "holds with a condition") : "does not hold here",
      summary: [
        `At the start the uppermost layer moves ${figure(plain[0])} (depth ${depthOf(of(WITHOUT)[0])}) to`,
        `${figure(plain[plain.length - 1])} (depth ${deepest}) times as fast as the lowest without batch norm; with it`,
        `between ${figure(Math.min(...normed))} and ${figure(Math.max(...normed))} times, start and end.`,
      ].join(" "),
      tables: [
        {
          title: "Relative update of the uppermost hidden layer, as a multiple of the lowest's",
          head: ["hidden layers", ...[WITH, WITHOUT].flatMap((name) => times.map((time) => `${name}, ${label[time]}`))],
          rows: of(WITH).map((o, i) => [
            `${depthOf(o)}`,
            ...[o, of(WITHOUT)[i]].flatMap((o) => times.map((time) => figures(ratios(o, time)))),
          ]),
        },
        {
          title: `Test accuracy after ${steps} steps`,
          head: ["hidden layers", ...of(WITH).map((o) => `${depthOf(o)}`)],
          rows: [WITH, WITHOUT].map((name) => [
            name,
            ...of(name).map(({ results }) => percents(results.map(({ test }) => test))),
          ]),
        },
      ],
      charts: [
        {
          name: "layers",
          alt: "Length of the gradient of each layer's weights, from the input to the output",
          spec: lineChart({
            title: `Gradient of each layer's weights, ${deepest} hidden layers`,
            x: { title: "hidden layer (1 is next to the data)" },
            y: { title: "length of the gradient", scale: "log", format: "~e" },
            points: times.flatMap((time) =>
              [WITH, WITHOUT].flatMap((series) =>
                of(series)
                  .filter((o) => depthOf(o) === deepest)
                  .flatMap(({ results }) =>
                    results[0][time].gradient.map((_, i) => {
                      const values = results.map((result) => result[time].gradient[i]);
                      return { panel: label[time], series, x: i + 1, ...overSeeds(values) };
                    }),
                  ),
              ),
            ),
          }),
        },
        {
          name: "depth",
          alt: "Relative update of the uppermost layer over that of the lowest, by depth",
          spec: lineChart({
            title: "How many times faster the uppermost hidden layer moves than the lowest",
            x: { title: "hidden layers", values: of(WITH).map(depthOf) },
            y: { title: "ratio of |dw| / |w|", scale: "log", format: "~e" },
            marks: true,
            points: times.flatMap((time) =>
              [WITH, WITHOUT].flatMap((series) =>
                of(series).map((o) => {
                  return { panel: label[time], series, x: depthOf(o), ...overSeeds(ratios(o, time)) };
                }),
              ),
            ),
          }),
        },
      ],
      discussion: [
        `Deepest network above 30 % test accuracy: ${learned(WITH)} hidden layers with batch norm, ${learned(WITHOUT)}
without, of ${deepest}. A ratio below 1 says that the lowest layer moves fastest: normalization divides by the standard
deviation of what goes into a sigmoid, which is well below 1 in all layers but the first at the start, and so multiplies
the gradient by more than 1 in each of them, where the sigmoid's slope, at most 1/4, makes it smaller.`,
      ],
    };
  },
});
