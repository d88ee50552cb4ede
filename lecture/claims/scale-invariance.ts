import { arm, defineExperiment } from "../experiment.js";
import { type DecayResult, type DecaySettings, decayTraining, distance, scaling } from "../measurements/scaling.js";
import { lineChart, overSeeds } from "../report/charts.js";
import { figure, figures, mean, percent, percents } from "../report/numbers.js";

const WITH = "with batch norm";
const WITHOUT = "without";
const network = { body: [128, 64], activation: "relu", norm: {} } as const;
const plain = { ...network, norm: null } as const;
/** Pairs of trainings with decay and with the growing rate: without eps, which would not be scaled. */
const pairs = {
  [`sigmoid, ${WITH}`]: { ...network, activation: "sigmoid", norm: { eps: 0 } },
  [`sigmoid, ${WITHOUT}`]: { ...plain, activation: "sigmoid" },
  [`relu, ${WITH}`]: { ...network, norm: { eps: 0 } },
} as const;

const scales = [0.1, 1, 10];
const decays = [0, 1e-4, 1e-3, 1e-2];
const STRONG = decays[decays.length - 1];

const final = ({ curve }: DecayResult) => curve[curve.length - 1].test;
const norm = ({ curve }: DecayResult) => curve[curve.length - 1].norm;

export const scaleInvariance = defineExperiment({
  name: "scale-invariance",
  title: "The scale of the weights: initialization and weight decay",
  lecture: [
    {
      zh: "老师在讲xavier的时候，也讲过类似的normalization的东西，这个和这里的BN有什么区别？",
      en: "With Xavier, something like normalization was treated too; how does BN differ from it?",
      where: "Q&A 1",
    },
    {
      zh: "批量归一化是不是和权重衰减的作用类似？",
      en: "Is the effect of batch normalization similar to that of weight decay?",
      where: "Q&A 2",
    },
  ],
  claim: `(1) BN(aWx) = BN(Wx), and the gradient of aW is 1/a of that of W: to the last bit, for powers of two and eps = 0; what
eps = 1e-5 changes is what sqrt((v + eps) / (v + eps/a²)) says, v the variance of Wx. (2) Xavier sets the scale once, batch norm
takes it away for good: from hidden weights 0.1, 1 and 10 times Xavier's, test accuracies differ less (greatest less least)
with batch norm than without. (3) Weight decay does something else than batch norm, and with it nothing but raise the
learning rate: training with decay ${STRONG} ends with the same outputs as without decay at a rate that grows by
(1 - rate · decay)^-2 a step.`,
  refutedBy: `(1) one output or gradient with other bits, or a drift that eps does not explain to within the roundings of
float32: it does not hold. (2) a difference that is not smaller with batch norm, or (3) outputs of these two trainings that
are more than a tenth as far apart as those of training with and without decay: it holds with a condition; both: it does
not hold.`,
  method: `Dense network 784-128-64-10 with relus, batches of 128, plain gradient descent at rate 0.1. (1) Untrained, all hidden
weights times 2^-7 to 2^7. (2), (3) Decay and scale apply to the weights of the hidden layers. The two trainings of (3) are
of sigmoids, with eps = 0: where a rounding error moves the input of a relu across zero, the gradient jumps, and trainings that are
equal in exact arithmetic part. Relus are run too, without a part in the verdict. Outputs: 100 logits at the end, root mean
square distance.`,

  plan(scale) {
    const steps = scale.full(500, 120);
    const seeds = scale.seeds(3, 1);
    const settings = {
      lr: 0.1,
      batch: 128,
      steps,
      interval: steps / scale.full(20, 6),
      scale: 1,
      weightDecay: 0,
      by: "decay",
    } as const;
    const trained = (own: Partial<DecaySettings>) => arm(decayTraining, { ...settings, network, ...own }, seeds);
    const exponents = [-7, -5, -3, -1, 0, 1, 3, 5, 7];
    return {
      factors: [0, 1e-5].map((eps) => arm(scaling, { network, batch: 256, exponents, eps }, [1])),
      starts: [network, plain].flatMap((network) => scales.map((scale) => trained({ network, scale }))),
      decays: [network, plain].flatMap((network) => decays.map((weightDecay) => trained({ network, weightDecay }))),
      pairs: Object.values(pairs).flatMap((network) => [
        trained({ network }),
        trained({ network, weightDecay: STRONG }),
        trained({ network, weightDecay: STRONG, by: "rate" }),
      ]),
    };
  },

  conclude({ factors, starts, decays: decayed, pairs: trainings }) {
    const [bits, drifts] = factors.map(({ results }) => results[0]);
    const others = bits.reduce((sum, { otherOutputs, otherGradients }) => sum + otherOutputs + otherGradients, 0);
    const isExact = others === 0 && drifts.every(({ unexplained }) => unexplained !== null && unexplained <= 1);
    const byScale = [WITH, WITHOUT].map((_, n) => starts.slice(n * scales.length, (n + 1) * scales.length));
    const ranges = byScale.map((arms) => {
      const ends = arms.map(({ results }) => mean(results.map(final)));
      return Math.max(...ends) - Math.min(...ends);
    });
    const apart = Object.keys(pairs).map((name, i) => {
      const [none, decay, rate] = trainings.slice(3 * i, 3 * i + 3).map(({ results }) => results);
      return {
        name,
        twins: mean(decay.map((result, s) => distance(result, rate[s]))),
        decay: mean(decay.map((result, s) => distance(result, none[s]))),
      };
    });
    const isSteady = ranges[0] < ranges[1];
    const isRate = apart[0].twins <= apart[0].decay / 10;
    const byDecay = [WITH, WITHOUT].map((_, n) => decayed.slice(n * decays.length, (n + 1) * decays.length));
    return {
      verdict:
        isExact && isSteady && isRate
          ? "holds"
          : isExact && (isSteady || isRate)
            ? "holds with a condition"
            : "does not hold here",
      summary: [
        `${others} outputs and gradients have other bits at other scales; from weights 0.1 to 10 times Xavier's accuracies differ by`,
        `${percent(ranges[0])} with batch norm and ${percent(ranges[1])} without; decay ${STRONG} moves the outputs by`,
        `${figure(apart[0].decay)} from those without, and ${figure(apart[0].twins)} from those of the growing rate (without batch`,
        `norm ${figure(apart[1].decay)} and ${figure(apart[1].twins)}).`,
      ].join(" "),
      tables: [
        {
          title: "Hidden weights times a, untrained; drift of the output from that at a = 1, gradient over that at 1",
          head: ["a", "drift, eps = 0", "drift, eps = 1e-5", "by eps", "gradient, eps = 0", "gradient, eps = 1e-5"],
          rows: drifts.map(({ factor, drift, expected, gradient }, i) => [
            figure(factor),
            figure(bits[i].drift),
            figure(drift),
            figure(expected),
            figure(bits[i].gradient),
            figure(gradient),
          ]),
        },
        {
          title: "Test accuracy by scale of the initial hidden weights",
          head: ["", ...scales.map((scale) => `${scale} times Xavier`)],
          rows: [WITH, WITHOUT].map((name, n) => [
            name,
            ...byScale[n].map(({ results }) => percents(results.map(final))),
          ]),
        },
        {
          title: "Test accuracy and length of the hidden weights at the end, by weight decay",
          head: ["", ...decays.map((decay) => `decay ${decay}`)],
          rows: [WITH, WITHOUT].flatMap((name, n) => [
            [`${name}: accuracy`, ...byDecay[n].map(({ results }) => percents(results.map(final)))],
            [`${name}: length`, ...byDecay[n].map(({ results }) => figures(results.map(norm)))],
          ]),
        },
        {
          title: `Distance of the outputs after training with decay ${STRONG}`,
          head: ["", "from those without decay", "from those without decay at the growing rate"],
          rows: apart.map(({ name, twins, decay }) => [name, figure(decay), figure(twins)]),
        },
      ],
      charts: [
        {
          name: "starts",
          alt: "Test accuracy over steps from hidden weights 0.1, 1 and 10 times Xavier's, with and without batch norm",
          spec: lineChart({
            title: "Test accuracy by scale of the initial hidden weights",
            x: { title: "steps" },
            y: { title: "test accuracy", format: "%" },
            points: scales.flatMap((scale, s) =>
              [WITH, WITHOUT].flatMap((series, n) =>
                byScale[n][s].results[0].curve.map(({ step }, i) => ({
                  panel: `${scale} times Xavier`,
                  series,
                  x: step,
                  ...overSeeds(byScale[n][s].results.map(({ curve }) => curve[i].test)),
                })),
              ),
            ),
          }),
        },
        {
          name: "norms",
          alt: "Length of the hidden weights over steps by weight decay, with and without batch norm",
          spec: lineChart({
            title: "Length of the hidden weights",
            x: { title: "steps" },
            y: { title: "length of the weights" },
            points: [WITH, WITHOUT].flatMap((panel, n) =>
              decays.flatMap((decay, d) =>
                byDecay[n][d].results[0].curve.map(({ step }, i) => ({
                  panel,
                  series: `decay ${decay}`,
                  x: step,
                  ...overSeeds(byDecay[n][d].results.map(({ curve }) => curve[i].norm)),
                })),
              ),
            ),
          }),
        },
      ],
      discussion: [
        `Because the gradient of aW is 1/a of that of W, a step turns weights that are a times as long by 1/a² as much: the effective
rate is the rate over the square of their length. So the scale of the initial weights does not matter for what the network
computes, yet it does for how fast it learns. The gradient is orthogonal to scale-invariant weights, so that each step without
decay makes them longer and slower; decay shortens them and so keeps the effective rate up.`,
        `For such weights decay is thus no penalty on the function. c = (1 - rate · decay)^t after t steps; the weights W/c go through
the same functions without decay at rate / (c_t · c_(t+1)), which is what the pair of trainings compares.`,
      ],
    };
  },
});
