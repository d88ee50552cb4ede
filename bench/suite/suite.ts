import { checkBaseline } from "../agreement.js";
import { CASES, SMALL_CASES } from "../cases.js";
import { NAMES } from "../contender.js";
import { engines } from "../engines.js";
import { javascriptSlowdown } from "../fairness.js";
import type { RaceOptions } from "../measure.js";
import { STEPS_PER_TRIAL, type Step, trial } from "../trial.js";
import type { SuiteResult } from "./results.js";

export interface Surroundings {
  /** The binary of memory-bound/assembly. */
  readonly memoryBound: BufferSource;
  /** Returns the value of PROBE (fairness.ts) in an engine that has done nothing else. */
  readonly freshly: () => number | Promise<number>;
  readonly step: Step;
}

const FULL: RaceOptions = { milliseconds: 1250, minimumRounds: 13, maximumRounds: 201 };
const QUICK: RaceOptions = { milliseconds: 160, minimumRounds: 5, maximumRounds: 61 };
/** Samples of the small cases are short: many rounds take little time. */
const SMALL: RaceOptions = { milliseconds: 300, minimumRounds: 41, maximumRounds: 201 };

export function steps(names: readonly string[]): number {
  return 1 + names.length * STEPS_PER_TRIAL;
}

/** Checks the named cases of the suite, then times them. Runs in Node.js and in pages. */
export async function suite(names: readonly string[], quick: boolean, s: Surroundings): Promise<SuiteResult> {
  const named = (cases: typeof CASES) => cases.filter(({ name }) => names.includes(name));
  const [cases, small] = [named(CASES), named(SMALL_CASES)];
  await s.step("pure JavaScript variants");
  checkBaseline();
  const prepared = await engines([...cases, ...small], s.memoryBound);
  const result = { cases: [], small: [] } as Record<"cases" | "small", SuiteResult["cases"][number][]>;
  let seed = 0;
  for (const c of cases) result.cases.push(await trial(c, ++seed, prepared, NAMES, quick ? QUICK : FULL, s.step));
  for (const c of small) result.small.push(await trial(c, ++seed, prepared, NAMES, quick ? QUICK : SMALL, s.step));
  return { ...result, javascriptSlowdown: await javascriptSlowdown(s.freshly) };
}
