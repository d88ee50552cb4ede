import { digits, type Quartiles, ratio, size, table, timed } from "../report/numbers.js";
import { paragraphs, type Section } from "../report/section.js";
import { CALLS, HOT_CALLS, VERBS } from "./probe.js";
import type { StartCalls, StartCase, StartEngine, StartResults } from "./results.js";

const ORDINALS = CALLS.map((call) => (call === 1 ? "1st" : call === 2 ? "2nd" : `${call}th`));

/** A call shorter than the timer's step may take no time at all. */
function shown(timing: Quartiles, step: number): string {
  return timing.median < step ? `< ${digits(step)}` : timed(timing);
}

function loads(engines: readonly StartEngine[]): string {
  const rows = engines.map(({ engine, timerStep, loading }) => [
    engine,
    timed(loading.load),
    timed(loading.loadSync),
    digits(1000 * timerStep),
  ]);
  return table(["engine", "load(), ms", "loadSync(), ms", "timer's step, µs"], rows);
}

/** The first call over a hot one. */
function coldness({ calls, hot }: StartCalls): number {
  return calls[0].median / hot.median;
}

function calls({ cases, timerStep }: StartEngine): string {
  const rows = cases.flatMap((c) =>
    VERBS.map((verb) => [
      verb === VERBS[0] ? c.name : "",
      verb === VERBS[0] ? size(c.bytes) : "",
      verb,
      ...c[verb].calls.map((timing) => shown(timing, timerStep)),
      timed(c[verb].hot),
      ratio(coldness(c[verb])),
    ]),
  );
  const columns = ORDINALS.map((ordinal) => `${ordinal} call, ms`);
  return table(["case", "size of x", "verb", ...columns, "hot call, ms", "1st over hot"], rows);
}

function worst({ engine, cases }: StartEngine): string {
  const all = cases.flatMap((c: StartCase) =>
    VERBS.map((verb) => ({ what: `${c.name} ${verb}`, cold: coldness(c[verb]), first: c[verb].calls[0].median })),
  );
  const { what, cold, first } = all.reduce((a, b) => (a.cold > b.cold ? a : b));
  return `- ${engine}: the slowest first call relative to a hot one is ${what}: ${digits(first)} ms, ${ratio(cold)} times a hot call.`;
}

function summary({ engines, missing }: StartResults): string {
  return paragraphs(loads(engines), engines.map(worst).join("\n"), missing.map((reason) => `${reason}.`).join(" "));
}

function markdown(results: StartResults): string {
  return paragraphs(
    `Each row is the median over ${results.repetitions} fresh processes (Node.js) or pages of a new context (browsers). Each ` +
      `of them loads the kernels, that is, decodes, compiles and instantiates them. Then it runs ${CALLS[CALLS.length - 1] + HOT_CALLS} steps of ` +
      `one layer. The last ${HOT_CALLS} steps are split into groups, and a hot call is the median of the groups' means. Half of the ` +
      "processes use `load()`, the others `loadSync()`.",
    "V8 compiles WebAssembly twice. Liftoff compiles a function quickly at its first call. TurboFan compiles functions that run " +
      "often again, with optimisation, while the calls go on. At an export's thousandth call V8 also compiles the wrapper by " +
      "which JavaScript calls it, which takes longer than the call. With `--no-wasm-generic-wrapper` it does so at the first call.",
    summary(results),
    ...results.engines.flatMap((engine) => [`### First calls, ${engine.engine}`, calls(engine)]),
  );
}

export const startSection: Section<StartResults> = {
  name: "start",
  title: "First call",
  markdown,
  summary,
};
