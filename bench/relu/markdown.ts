import type { Verb } from "../baseline/index.js";
import { geometricMean, ratio, size, table } from "../report/numbers.js";
import { paragraphs, point, type Section } from "../report/section.js";
import { TITLES, VERBS } from "../verbs.js";
import type { ReluCase, ReluResults } from "./results.js";

/** Time with ReLU over time without it: the geometric mean and each case are at most this. */
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
    const title = `${TITLES[verb]}: geometric mean ${ratio(measured)} for at most ${mean}`;
    return point(`${title}; above ${each}`, found, `${title}; no case above ${each}.`);
  }).join("\n");
}

export const reluSection: Section<ReluResults> = {
  name: "relu",
  title: "Fused ReLU",
  markdown: ({ cases }) =>
    paragraphs(
      "Time of the kernels with the fused ReLU over their time without an activation, on the same memory in the same " +
        "rounds. Every result was compared with float64 before.",
      verdict(cases),
      ratios(cases),
    ),
  summary: ({ cases }) => paragraphs(ratios(cases), verdict(cases)),
};
