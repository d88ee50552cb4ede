import { arm, defineExperiment } from "../experiment.js";
import type { Comparison } from "../measurements/bits.js";
import { type AxisResult, ranks as recipe } from "../measurements/ranks.js";
import { dotChart } from "../report/charts.js";
import { figure } from "../report/numbers.js";

/**
 * The error that the library's tests allow: five roundings of float32 for y, eleven for dx, and those of sums in
 * blocks. Two computations may differ by twice that.
 */
const GRANTED = 1e-6;

export const ranks = defineExperiment({
  name: "ranks",
  title: "Other ranks than 2 and 4, and any axis for the channels",
  lecture: [
    {
      zh: "assert len（X.shape）in（2，4）是什么意思？",
      en: "What does assert len(X.shape) in (2, 4) mean?",
      where: "Q&A 6",
    },
    {
      zh: "这个BN只考虑了这两种输入情况下怎么做吗？",
      en: "Is this batch norm only made for these two kinds of input?",
      where: "Q&A 7",
    },
  ],
  claim: `The lecture's code takes the output of a dense layer (rank 2) or of a convolution (rank 4) and nothing else. That is
its choice and not in the nature of batch norm: for any rank from 2 on and any axis it is, in every bit of y and of the
gradients, that of three axes [before, channels, after], and but for roundings that of a matrix [values, channels]. What has no
axis beside the channels, or not the axis that is named, is refused with an error that names the argument.`,
  refutedBy: `one bit that differs over the same memory, between the adapter and the core too; a difference above ${figure(GRANTED, 1)} of
the largest value from the definition in float64, or twice that from the matrix (for dgamma and dbeta: of the largest sum of
the terms' magnitudes); a wrong call without an error that names the
argument.`,
  method: `Fashion-MNIST's pixels as one to five axes behind that of the images: ranks 2 to 6, each over every axis, with random
gamma, beta and dy, by batchNormTraining; and by the core's BatchNorm in its seven layouts.`,

  plan(scale) {
    return { arms: [arm(recipe, { images: scale.full(128, 32) }, scale.seeds(3, 1))] };
  },

  conclude({ arms: [{ results }] }) {
    const axes = results.flatMap(({ axes }) => axes);
    const { refusals } = results[0];
    const largest = (values: readonly (number | null)[]) => Math.max(...values.map((value) => value ?? Number.NaN));
    const distance = (of: (axis: AxisResult) => Comparison) => (list: readonly AxisResult[]) =>
      largest(list.map((axis) => of(axis).distance));
    const differing = (comparisons: readonly (Comparison | null)[]) =>
      comparisons.reduce((sum, comparison) => sum + (comparison?.different ?? 0), 0);
    const reshaped = differing(axes.map((axis) => axis.reshaped));
    const core = differing(axes.map((axis) => axis.core));
    const transposed = distance((axis) => axis.transposed);
    const definition = (list: readonly AxisResult[]) => largest(list.map((axis) => axis.definition));
    const named = results.every(({ refusals }) =>
      refusals.every(({ argument, error }) => error?.message.startsWith(`"${argument}" `)),
    );
    const isRefuted =
      !(transposed(axes) <= 2 * GRANTED && definition(axes) <= GRANTED) || reshaped + core > 0 || !named;
    const byRank = [...new Set(axes.map(({ shape }) => shape.length))].map((rank) => {
      const list = axes.filter(({ shape }) => shape.length === rank);
      return { rank, list, layouts: [...new Set(list.flatMap((axis) => axis.core?.layout ?? []))] };
    });
    const kinds = byRank.map(({ rank }) => rank);
    const count = (list: readonly AxisResult[], of: (axis: AxisResult) => Comparison | null) => {
      const comparisons = list.map(of).filter((comparison) => comparison !== null);
      return `${differing(comparisons)} of ${comparisons.reduce((sum, { values }) => sum + values, 0)}`;
    };
    return {
      verdict: isRefuted ? "does not hold here" : "holds",
      summary: [
        `Ranks ${Math.min(...kinds)} to ${Math.max(...kinds)} over every axis: other bits in`,
        `${count(axes, (axis) => axis.reshaped)} values as [before, channels, after] and in`,
        `${count(axes, (axis) => axis.core)} by the core; at most ${figure(transposed(axes))} of the largest value from`,
        `the matrix, ${figure(definition(axes))} from the definition;`,
        `${refusals.filter(({ error }) => error !== null).length} of ${refusals.length} wrong calls refused.`,
      ].join(" "),
      tables: [
        {
          title: "Values with other bits, and largest differences as parts of the largest value",
          head: [
            "rank",
            "shape",
            "as [before, channels, after]",
            "by the core",
            "its layouts",
            "from the matrix",
            "from the definition",
          ],
          rows: byRank.map(({ rank, list, layouts }) => [
            `${rank}`,
            `[${list[0].shape.join(", ")}]`,
            count(list, (axis) => axis.reshaped),
            layouts.length > 0 ? count(list, (axis) => axis.core) : "-",
            layouts.length > 0 ? layouts.join(", ") : "-",
            figure(transposed(list)),
            figure(definition(list)),
          ]),
        },
        {
          title: "What is refused, in the library's words",
          head: ["call", "error"],
          rows: refusals.map(({ call, error }) => [
            call,
            error === null ? "none" : `\`${error.name}: ${error.message}\``,
          ]),
        },
      ],
      charts: [
        {
          name: "differences",
          alt: "Largest differences from the definition and from the matrix, by rank",
          spec: dotChart({
            title: "Differences from the definition and from the matrix, by rank",
            subtitle: "The largest over all axes and seeds; granted are 1e-6 and, between two computations, 2e-6",
            value: {
              title: "largest difference, as a part of the largest value",
              format: ".1e",
              domain: [0, 2 * GRANTED],
            },
            bars: byRank.flatMap(({ rank, list }) => [
              { label: `rank ${rank}`, series: "y, from the definition in float64", value: definition(list) },
              { label: `rank ${rank}`, series: "y and gradients, from the matrix", value: transposed(list) },
            ]),
          }),
        },
      ],
      discussion: [
        `Differences of dgamma and dbeta are parts of the largest sum of their terms' magnitudes. The matrix has its values in another order in memory, and sums in another order round otherwise. What comes before and
after the axis of the channels is all that the kernels are told of a shape, so the number of axes does not matter to
them; layouts of the core are names for the usual ones.`,
      ],
    };
  },
});
