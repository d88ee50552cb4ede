import type { Verb } from "../baseline/index.js";
import type { Name } from "../contender.js";
import { geometricMean, over, ratio, SIZES, table } from "../report/numbers.js";
import { point } from "../report/section.js";
import type { CaseResult } from "../trial.js";
import { TITLES, VERBS } from "../verbs.js";

export const LOOPS = { planes: "planes (NCHW)", rows: "rows (NHWC, NC)" } as const;
/** At this size of x or more the layer should train this many times as fast as the fastest JavaScript. */
const DEMAND = { bytes: 2 ** 20, times: 4 } as const;
/** The report names each case whose time is above this multiple of the memory bound. */
export const FAR = 1.8;

/** Geometric means by loop shape and size of x. */
export function summary(cases: readonly CaseResult[]): string {
  const rows: string[][] = [];
  for (const loop of ["planes", "rows"] as const) {
    for (const { name, from, to } of SIZES) {
      const group = cases.filter((c) => c.loop === loop && c.bytes >= from && c.bytes < to);
      if (group.length === 0) continue;
      const mean = (verb: Verb, slow: Name, quick: Name) =>
        ratio(geometricMean(group.map((c) => over(c, verb, slow, quick))));
      rows.push([
        LOOPS[loop],
        name,
        String(group.length),
        ...VERBS.map((verb) => mean(verb, "fastest JS", "kernels")),
        ...VERBS.map((verb) => mean(verb, "fastest JS", "layer")),
        ...VERBS.map((verb) => mean(verb, "kernels", "memory bound")),
      ]);
    }
  }
  const verbs = ["training", "inference", "backward"];
  return [
    "Geometric means over the cases of a row. The columns of kernels and layer say how many times faster they are than",
    "the fastest JavaScript. The last columns give the kernels' time over the memory bound, where 1 is the limit.",
    "",
    table(
      [
        "loop",
        "size of x",
        "cases",
        ...verbs.map((verb) => `kernels, ${verb}`),
        ...verbs.map((verb) => `layer, ${verb}`),
        ...verbs.map((verb) => `over memory bound, ${verb}`),
      ],
      rows,
    ),
  ].join("\n");
}

type Finding = (c: CaseResult, verb: Verb) => number | null;

/** Lists the findings of each case, for example "NC 4x8 (training forward 0.47, inference 0.32)". */
function list(cases: readonly CaseResult[], find: Finding): string[] {
  return cases.flatMap((c) => {
    const found = VERBS.flatMap((verb) => {
      const value = find(c, verb);
      return value === null ? [] : [`${TITLES[verb].toLowerCase()} ${ratio(value)}`];
    });
    return found.length > 0 ? [`${c.name} (${found.join(", ")})`] : [];
  });
}

function slower(cases: readonly CaseResult[], name: Name): string[] {
  return list(cases, (c, verb) => {
    const value = over(c, verb, "fastest JS", name);
    return Number(ratio(value)) < 1 ? value : null;
  });
}

/** Two sentences that say where the layer is slower. */
export function slowerThanJavaScript(cases: readonly CaseResult[]): string {
  const losing = (name: Name, verb: Verb) => cases.filter((c) => Number(ratio(over(c, verb, "fastest JS", name))) < 1);
  const [forward, inference, backward] = VERBS.map((verb) => losing("layer with copies", verb).length);
  const alone = cases.filter((c) => VERBS.some((verb) => losing("layer", verb).includes(c)));
  const named = alone.map(({ name }) => name).join(", ");
  return [
    alone.length > 0
      ? `The fastest JavaScript is faster than the layer in ${alone.length} of the ${cases.length} cases: ${named}.`
      : "The layer is never slower than the fastest JavaScript.",
    `A program that copies its data in and out on every call is slower than JavaScript in ${inference} cases of inference,`,
    `${forward} of forward and ${backward} of backward.`,
  ].join(" ");
}

/** Compares the layer with the fastest JavaScript in the cases where the layer is weakest. */
export function weakest(cases: readonly CaseResult[]): string {
  const lead = (c: CaseResult, verb: Verb) => over(c, verb, "fastest JS", "layer");
  const worst = VERBS.map((verb) => {
    const c = cases.reduce((a, b) => (lead(a, verb) <= lead(b, verb) ? a : b));
    return `${TITLES[verb].toLowerCase()} ${ratio(lead(c, verb))} times (${c.name})`;
  });
  return [
    point(
      "The layer is slower than the fastest JavaScript (its speed relative to that JavaScript)",
      slower(cases, "layer"),
      "The layer is never slower than the fastest JavaScript.",
    ),
    point(
      "The layer with copies is slower than the fastest JavaScript (its speed relative to that JavaScript)",
      slower(cases, "layer with copies"),
      "The layer with copies is never slower than the fastest JavaScript.",
    ),
    `- The layer's smallest lead over the fastest JavaScript: ${worst.join(", ")}.`,
  ].join("\n");
}

/** Lists the results that are bad for this library. The small cases are not compared with the memory bound. */
export function losses(cases: readonly CaseResult[], small: readonly CaseResult[]): string {
  const below = list(cases, (c, verb) => {
    const value = over(c, verb, "fastest JS", "layer");
    return verb !== "inference" && c.bytes >= DEMAND.bytes && value < DEMAND.times ? value : null;
  });
  const far = list(cases, (c, verb) => {
    const value = over(c, verb, "kernels", "memory bound");
    return value > FAR ? value : null;
  });
  const demanded = point(
    `In training at 1 MB or more the layer is less than ${DEMAND.times} times as fast as the fastest JavaScript`,
    below,
    `In training at 1 MB or more the layer is at least ${DEMAND.times} times as fast as the fastest JavaScript.`,
  );
  return [
    weakest([...cases, ...small]),
    ...(cases.some((c) => c.bytes >= DEMAND.bytes) ? [demanded] : []),
    point(
      `The kernels take more than ${FAR} times the memory bound`,
      far,
      `The kernels never take more than ${FAR} times the memory bound.`,
    ),
  ].join("\n");
}
