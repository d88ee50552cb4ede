import type { Shape, Verb } from "../baseline/index.js";
import { geometricMean, over, ratio, table } from "../report/numbers.js";
import type { CaseResult } from "../trial.js";
import { TITLES, VERBS } from "../verbs.js";
import { FAR, LOOPS } from "./summary.js";

/** Below this size of x the call and the caches take more time than the memory. */
const FROM = 256 * 1024;

/** Targets for the kernels' time over the memory bound: geometric means over the cases of `FROM` or more. */
const OVER_BOUND: Readonly<Record<Shape, Readonly<Record<Verb, number>>>> = {
  planes: { trainingForward: 1.3, inference: 1.1, backward: 1.2 },
  rows: { trainingForward: 1.5, inference: 1.3, backward: 1.45 },
};

/** The same for single shapes with few values per channel, where the work per channel takes much of the time. */
const OF_SHAPE: Readonly<Record<string, Partial<Readonly<Record<Verb, number>>>>> = {
  "NC 32x4096": { trainingForward: 3.2, backward: 2.5 },
  "NC 128x2048": { trainingForward: 2.6, backward: 2.2 },
  "NCHW 2x2048x7x7": { trainingForward: 2.5, backward: 1.8 },
  "NHWC 2x2048x7x7": { trainingForward: 2.5, backward: 1.8 },
  "NCHW 8x512x7x7": { trainingForward: 1.7, backward: 1.5 },
  "NHWC 32x256x14x14": { trainingForward: 1.4, backward: 1.5 },
};

interface Finding {
  readonly what: string;
  readonly measured: number;
  readonly target: number | null;
  readonly atMost: boolean;
  /** The case that has this value, if it is the value of one case. */
  readonly where?: string;
}

/** Training forward and backward of one case: the fastest JavaScript's time over the layer's. */
export function trainingLead({ timings: { trainingForward, backward } }: CaseResult): number {
  const sum = (name: "fastest JS" | "layer") => trainingForward[name].median + backward[name].median;
  return sum("fastest JS") / sum("layer");
}

function overBound(cases: readonly CaseResult[]): Finding[] {
  const findings: Finding[] = [];
  for (const loop of ["planes", "rows"] as const) {
    const group = cases.filter((c) => c.loop === loop);
    if (group.length === 0) continue;
    for (const verb of VERBS) {
      const measured = geometricMean(group.map((c) => over(c, verb, "kernels", "memory bound")));
      const what = `kernels over the memory bound, ${LOOPS[loop]}, ${TITLES[verb].toLowerCase()}`;
      findings.push({ what, measured, target: OVER_BOUND[loop][verb], atMost: true });
    }
  }
  return findings;
}

function ofShapes(cases: readonly CaseResult[]): Finding[] {
  return cases.flatMap((c) =>
    VERBS.flatMap((verb) => {
      const target = OF_SHAPE[c.name]?.[verb];
      if (target === undefined) return [];
      const what = `kernels over the memory bound, ${TITLES[verb].toLowerCase()}`;
      return [{ what, measured: over(c, verb, "kernels", "memory bound"), target, atMost: true, where: c.name }];
    }),
  );
}

function extreme(values: readonly (readonly [number, string])[], larger: boolean): readonly [number, string] {
  return values.reduce((a, b) => (a[0] > b[0] === larger ? a : b));
}

function findings(cases: readonly CaseResult[], small: readonly CaseResult[]): Finding[] {
  const large = cases.filter(({ bytes }) => bytes >= FROM);
  const everyVerb = (from: readonly CaseResult[], value: (c: CaseResult, verb: Verb) => number) =>
    from.flatMap((c) => VERBS.map((verb) => [value(c, verb), `${c.name} ${TITLES[verb].toLowerCase()}`] as const));
  const found = [...overBound(large), ...ofShapes(cases)];
  if (large.length > 0) {
    const [measured, where] = extreme(
      everyVerb(large, (c, verb) => over(c, verb, "kernels", "memory bound")),
      true,
    );
    found.push({
      what: "kernels over the memory bound, the slowest case",
      measured,
      target: FAR,
      atMost: true,
      where,
    });
    const lead = geometricMean(large.map(trainingLead));
    found.push({
      what: "layer against the fastest JavaScript, training forward + backward",
      measured: lead,
      target: null,
      atMost: false,
    });
  }
  const [measured, where] = extreme(
    everyVerb([...cases, ...small], (c, verb) => over(c, verb, "fastest JS", "layer")),
    false,
  );
  found.push({
    what: "layer against the fastest JavaScript, the smallest lead at any size",
    measured,
    target: 1,
    atMost: false,
    where,
  });
  return found;
}

/** A table of each target, the measured value, and whether it meets the target. */
export function targets(cases: readonly CaseResult[], small: readonly CaseResult[]): string {
  const rows = findings(cases, small).map(({ what, measured, target, atMost, where }) => [
    what,
    target === null ? "none set" : `at ${atMost ? "most" : "least"} ${target}`,
    ratio(measured),
    target === null ? "" : measured <= target === atMost ? "yes" : "no",
    where ?? "",
  ]);
  const note =
    "Rows without a case are geometric means over the cases whose x has 256 KB or more. The slowest case is one of these. " +
    "The smallest lead is that of any case and verb, including the small cases.";
  return `${note}\n\n${table(["what", "target", "measured", "met", "case"], rows)}`;
}
