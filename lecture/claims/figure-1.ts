import { arm, defineExperiment } from "../experiment.js";
import { modes, type InputsResult as Result, trainingWithInputs } from "../measurements/inputs.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { figure, figures, mean, percent, percents } from "../report/numbers.js";
import type { NetworkSettings } from "../training/network.js";

const WITH = "with batch norm";
const WITHOUT = "without";

export const figure1 = defineExperiment({
  name: "figure-1",
  title: "The original paper's Figure 1: faster, to a higher accuracy, with steadier inputs of the last hidden layer",
  lecture: [
    {
      zh: "不太理解，为什么加了batch norm收敛时间变短？",
      en: "I do not quite see why it converges in less time with batch norm",
      where: "Q&A 9",
    },
    {
      zh: "不断调整神经网络的中间输出，使整个神经网络各层的中间输出值更加稳定",
      en: "It keeps adjusting the network's intermediate outputs, so that those of all layers are steadier",
      where: "Summary",
    },
  ],
  claim: `With batch norm the network of Ioffe and Szegedy's Figure 1 needs at most half as many steps for the accuracy that
it ends with otherwise, ends higher, and the inputs of its last hidden layer's sigmoids drift less. Drift: the mean absolute
change of the median from one measurement to the next, in units of half the distance of the 15th and 85th percentile, over
all units of the layer.`,
  refutedBy: `a mean final test accuracy that is not higher with batch norm, or more than half the steps; a mean drift that is
not lower. One of the two: it holds with a condition; both: it does not hold.`,
  method: `As in the paper: three hidden layers of 100 sigmoids, batches of 60, Gaussian initial weights (the paper: "small";
here of standard deviation 0.1), batch norm before every sigmoid. Not as in the paper: Fashion-MNIST for MNIST, fewer than
its 50,000 steps, a rate of 0.3 (the paper gives none). Percentiles over the test images, normalized by their own statistics
as in training.`,

  plan(scale) {
    const steps = scale.full(8000, 1000);
    const arms = [{}, null].map((norm) => {
      const network: NetworkSettings = { body: [100, 100, 100], activation: "sigmoid", norm };
      const settings = { network, lr: 0.3, batch: 60, deviation: 0.1, steps, interval: steps / scale.full(50, 25) };
      return arm(trainingWithInputs, settings, scale.seeds(3, 1));
    });
    return { arms };
  },

  conclude({ arms: [normed, plain] }) {
    const networks = [
      { name: WITH, results: normed.results },
      { name: WITHOUT, results: plain.results },
    ];
    const { steps, interval } = normed.settings;
    const meanCurve = ({ results }: { results: readonly Result[] }) =>
      results[0].curve.map(({ step }, i) => ({ step, test: results.map(({ curve }) => curve[i].test) }));
    const finals = (results: readonly Result[]) => results.map(({ curve }) => curve[curve.length - 1].test);
    const drifts = (results: readonly Result[], mode: (typeof modes)[number]) =>
      results.map(({ drift }) => drift[mode]);
    const [endWith, endWithout] = networks.map(({ results }) => mean(finals(results)));
    const reached = meanCurve(normed).find(({ test }) => mean(test) >= endWithout)?.step ?? Number.POSITIVE_INFINITY;
    const [driftWith, driftWithout] = networks.map(({ results }) =>
      mean(drifts(results, "batch").map((d) => d ?? NaN)),
    );
    const isFaster = endWith > endWithout && reached <= steps / 2;
    const isSteadier = driftWith < driftWithout;
    return {
      verdict:
        isFaster && isSteadier ? "holds" : isFaster || isSteadier ? "holds with a condition" : "does not hold here",
      summary: [
        `After ${steps} steps ${percent(endWith)} with batch norm and ${percent(endWithout)} without, which the former`,
        `${Number.isFinite(reached) ? `reaches in ${reached} steps` : "never reaches"}; the median drifts`,
        `${figure(driftWith)} spreads in ${interval} steps with it, ${figure(driftWithout)} without.`,
      ].join(" "),
      tables: [
        {
          head: [
            "",
            `test accuracy after ${steps} steps`,
            `drift in ${interval} steps, as in training`,
            "drift, by running statistics",
          ],
          rows: networks.map(({ name, results }) => [
            name,
            percents(finals(results)),
            ...modes.map((mode) => figures(drifts(results, mode))),
          ]),
        },
      ],
      charts: [
        {
          name: "accuracy",
          alt: "Test accuracy over steps, with and without batch norm",
          spec: lineChart({
            title: "Test accuracy of three layers of 100 sigmoids",
            x: { title: "steps" },
            y: { title: "test accuracy", format: "%" },
            points: networks.flatMap(({ name, results }) =>
              meanCurve({ results }).map(({ step, test }) => ({
                series: name,
                x: step,
                ...overSeeds(test),
              })),
            ),
          }),
        },
        {
          name: "inputs",
          alt: "Percentiles of the input of one sigmoid of the last hidden layer over steps",
          spec: lineChart({
            title: "Input of one sigmoid of the last hidden layer",
            subtitle: "Median over the test images, and from the 15th to the 85th percentile; seed 1",
            x: { title: "steps" },
            y: { title: "input of the sigmoid" },
            points: networks.flatMap(({ name, results }) =>
              results[0].curve.map(({ step, input: [low, y, high] }) => ({
                panel: name,
                series: name,
                x: step,
                y,
                low: low ?? undefined,
                high: high ?? undefined,
              })),
            ),
          }),
        },
      ],
      discussion: [
        `By the statistics of the images themselves, as in training, batch norm fixes mean and variance, so that a median can
move only with beta and the shape of the distribution; by running statistics, as in prediction, it also moves with the
error of these. Without batch norm both are the same.`,
      ],
    };
  },
});
