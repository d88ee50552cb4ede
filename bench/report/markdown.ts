import type { Verb } from "../baseline/index.js";
import { NAMES } from "../contender.js";
import { SLOW } from "../fairness.js";
import { type CaseResult, type Header, type Results, TITLES, TRAFFIC, VERBS } from "../results.js";
import { bandwidth, digits, over, ratio, size, spread, table } from "./numbers.js";
import { losses, summary } from "./summary.js";

export function environment({ date, commit, machine, system, engine, quick, seconds }: Header): string {
  const length = quick ? "short run (--quick)" : "full run";
  return `${machine}, ${system}; ${engine}; commit ${commit}; ${date}; ${length}, ${seconds} s.`;
}

/** A sentence for a run whose JavaScript rows are not to be trusted. */
export function warning({ javascriptSlowdown }: Header): string | null {
  if (javascriptSlowdown < SLOW) return null;
  const slower = ((javascriptSlowdown - 1) * 100).toFixed(0);
  return `Plain JavaScript ran ${slower} % slower in this process than in a fresh one: the ratios to JavaScript flatter.`;
}

function overview(cases: readonly CaseResult[], verb: Verb): string {
  const head = [
    "case",
    "size of x",
    ...NAMES.map((name) => `${name}, ms`),
    "kernels faster than JS",
    "layer faster than JS",
    "kernels over floor",
  ];
  const rows = cases.map((c) => [
    c.name,
    size(c.bytes),
    ...NAMES.map((name) => digits(c.timings[verb][name].median)),
    `${ratio(over(c, verb, "fastest JS", "kernels"))}x`,
    `${ratio(over(c, verb, "fastest JS", "layer"))}x`,
    ratio(over(c, verb, "kernels", "floor")),
  ]);
  return table(head, rows);
}

function details(cases: readonly CaseResult[], verb: Verb): string {
  const head = [
    "case",
    "row",
    "ms",
    "GB/s",
    "faster than fastest JS",
    "faster than naive JS",
    "over floor",
    "spread",
    "samples",
  ];
  const rows = cases.flatMap((c) =>
    NAMES.map((name) => {
      const timing = c.timings[verb][name];
      return [
        name === NAMES[0] ? c.name : "",
        name,
        digits(timing.median),
        ratio(bandwidth(c, verb, timing)),
        ratio(over(c, verb, "fastest JS", name)),
        ratio(over(c, verb, "naive JS", name)),
        ratio(over(c, verb, name, "floor")),
        spread(timing),
        `${timing.samples} x ${timing.callsPerSample}`,
      ];
    }),
  );
  return table(head, rows);
}

export function markdown({ header, cases }: Results): string {
  const flattery = warning(header);
  return `${[
    "# Benchmark results",
    environment(header),
    "Written by `npm run bench`; [README.md](README.md) says what is measured and how. Times are medians of rounds in which every row takes its turn.",
    ...(flattery ? [`**${flattery}**`] : []),
    "![time over the floor of the memory](results.svg)",
    "## Summary",
    summary(cases),
    "### Where we lose",
    losses(cases),
    ...VERBS.flatMap((verb) => [`## ${TITLES[verb]}`, overview(cases, verb)]),
    "## Cases",
    table(
      ["case", "where it comes from", "loop"],
      cases.map((c) => [c.name, c.origin, c.loop]),
    ),
    "## Every row",
    ...VERBS.flatMap((verb) => [
      `### ${TITLES[verb]}`,
      `GB/s counts ${TRAFFIC[verb].text} of x's size, whatever a row really moves.`,
      details(cases, verb),
    ]),
    "## The JavaScript variants that won",
    table(
      ["case", ...VERBS.map((verb) => TITLES[verb].toLowerCase())],
      cases.map((c) => [c.name, ...VERBS.map((verb) => c.fastestJs[verb])]),
    ),
  ].join("\n\n")}\n`;
}
