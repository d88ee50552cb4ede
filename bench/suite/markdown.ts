import type { Verb } from "../baseline/index.js";
import { NAMES } from "../contender.js";
import { SLOW } from "../fairness.js";
import { bandwidth, digits, over, ratio, size, spread, table, timed } from "../report/numbers.js";
import { paragraphs, type Section } from "../report/section.js";
import type { CaseResult } from "../trial.js";
import { TITLES, TRAFFIC, VERBS } from "../verbs.js";
import { suiteChart } from "./chart.js";
import { documentSuite } from "./document.js";
import type { SuiteResult, SuiteResults } from "./results.js";
import { losses, summary } from "./summary.js";
import { targets } from "./targets.js";

/** A warning if something slowed the JavaScript rows down, so that the ratios to them cannot be trusted. */
function warning({ javascriptSlowdown }: SuiteResult): string | null {
  if (javascriptSlowdown < SLOW) return null;
  const slower = ((javascriptSlowdown - 1) * 100).toFixed(0);
  return `**Plain JavaScript ran ${slower} % slower in this process than in a fresh one, so the ratios to JavaScript are too good.**`;
}

function overview(cases: readonly CaseResult[], verb: Verb): string {
  const leads = ["kernels faster than JS", "layer faster than JS", "kernels over the memory bound"];
  const rows = cases.map((c) => [
    c.name,
    size(c.bytes),
    ...NAMES.map((name) => timed(c.timings[verb][name])),
    `${ratio(over(c, verb, "fastest JS", "kernels"))}x`,
    `${ratio(over(c, verb, "fastest JS", "layer"))}x`,
    ratio(over(c, verb, "kernels", "memory bound")),
  ]);
  return table(["case", "size of x", ...NAMES.map((name) => `${name}, ms`), ...leads], rows);
}

/** The times are in microseconds, because these cases take less than a millisecond. */
function smallCases(cases: readonly CaseResult[]): string {
  const micro = (c: CaseResult, verb: Verb, name: "fastest JS" | "layer") => {
    const { median, p25, p75 } = c.timings[verb][name];
    return timed({ median: 1000 * median, p25: 1000 * p25, p75: 1000 * p75 });
  };
  const head = VERBS.flatMap((verb) => {
    const title = TITLES[verb].toLowerCase();
    return [`${title}: JS, µs`, "layer, µs", "lead"];
  });
  const rows = cases.map((c) => [
    c.name,
    size(c.bytes),
    ...VERBS.flatMap((verb) => [
      micro(c, verb, "fastest JS"),
      micro(c, verb, "layer"),
      `${ratio(over(c, verb, "fastest JS", "layer"))}x`,
    ]),
  ]);
  return table(["case", "size of x", ...head], rows);
}

function details(cases: readonly CaseResult[], verb: Verb): string {
  const columns = [
    "ms",
    "GB/s",
    "faster than fastest JS",
    "faster than naive JS",
    "over memory bound",
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
        ratio(over(c, verb, name, "memory bound")),
        spread(timing),
        `${timing.samples} x ${timing.callsPerSample}`,
      ];
    }),
  );
  return table(["case", "row", ...columns], rows);
}

/** The results of one engine. `level` is the Markdown prefix of its headings. */
export function engineMarkdown(result: SuiteResult, level: string): string {
  const { cases, small } = result;
  return paragraphs(
    warning(result),
    `${level} Targets`,
    targets(cases, small),
    ...(cases.length > 0 ? [`${level} Summary`, summary(cases), `${level} Where we lose`, losses(cases, small)] : []),
    ...(cases.length > 0 ? VERBS.flatMap((verb) => [`${level} ${TITLES[verb]}`, overview(cases, verb)]) : []),
    ...(small.length > 0 ? [`${level} Small cases: the cost of a call`, smallCases(small)] : []),
  );
}

function markdown(results: SuiteResults): string {
  const { cases, small } = results;
  const all = [...cases, ...small];
  return paragraphs(
    engineMarkdown(results, "###"),
    "### Cases",
    table(
      ["case", "origin", "loop"],
      all.map((c) => [c.name, c.origin, c.loop]),
    ),
    "### Every row",
    ...VERBS.flatMap((verb) => [
      `#### ${TITLES[verb]}`,
      `GB/s counts ${TRAFFIC[verb].text} of x's size for every row, even if the row moves more or less.`,
      details(all, verb),
    ]),
    "### The fastest JavaScript variants",
    table(
      ["case", ...VERBS.map((verb) => TITLES[verb].toLowerCase())],
      all.map((c) => [c.name, ...VERBS.map((verb) => c.fastestJs[verb])]),
    ),
  );
}

/** The text that a run prints at its end. */
export function engineSummary(result: SuiteResult): string {
  const { cases, small } = result;
  return paragraphs(
    warning(result),
    targets(cases, small),
    ...(cases.length > 0 ? [summary(cases), losses(cases, small)] : []),
    small.length > 0 ? smallCases(small) : null,
  );
}

export const suiteSection: Section<SuiteResults> = {
  name: "suite",
  title: "Suite in Node.js",
  markdown,
  summary: engineSummary,
  document: documentSuite,
  charts: (results) => ({ "suite-over-memory-bound": results.cases.length > 0 ? suiteChart(results) : null }),
};
