import type { Verb } from "../baseline/index.js";
import { geometricMean, ratio, size, table } from "../report/numbers.js";
import { paragraphs, point, type Section } from "../report/section.js";
import { TITLES, VERBS } from "../verbs.js";
import type { ReluCase, ReluResults } from "./results.js";

/** The largest accepted time with ReLU over the time without it, for the geometric mean and for each case. */
const LIMITS: Readonly<Record<Verb, { readonly mean: number; readonly each: number }>> = {
  trainingForward: { mean: 1.1, each: 1.15 },
  inference: { mean: 1.15, each: 1.26 },
  backward: { mean: 1.15, each: 1.35 },
};

function overPlain({ timings }: ReluCase, verb: Verb): number {
  const { relu, plain } = timings[verb];
  return relu.median / plain.median;
}

function ratios(cases: readonly ReluCase[]): string {
  const rows = cases.map((c) => [c.name, size(c.bytes), ...VERBS.map((verb) => ratio(overPlain(c, verb)))]);
  const means = VERBS.map((verb) => ratio(geometricMean(cases.map((c) => overPlain(c, verb)))));
  return table(["case", "x", ...VERBS.map((verb) => TITLES[verb])], [...rows, ["geometric mean", "", ...means]]);
}

function verdict(cases: readonly ReluCase[]): string {
  return VERBS.map((verb) => {
    const { mean, each } = LIMITS[verb];
    const measured = geometricMean(cases.map((c) => overPlain(c, verb)));
    const above = cases.filter((c) => overPlain(c, verb) > each);
    const found = above.map((c) => `${c.name} (${ratio(overPlain(c, verb))})`);
    const title = `${TITLES[verb]}: geometric mean ${ratio(measured)} (limit ${mean})`;
    return point(`${title}; cases above ${each}`, found, `${title}; no case above ${each}.`);
  }).join("\n");
}

export const reluSection: Section<ReluResults> = {
  name: "relu",
  title: "Fused ReLU",
  markdown: ({ cases }) =>
    paragraphs(
      "The table gives the kernels' time with the fused ReLU over their time without an activation, on the same memory and " +
        "in the same rounds. Before that, every result was compared with float64.",
      verdict(cases),
      ratios(cases),
    ),
  summary: ({ cases }) => paragraphs(ratios(cases), verdict(cases)),
};
