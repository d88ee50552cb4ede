import { spawnSync } from "node:child_process";
import { CASES, type Case, SMALL_CASES } from "../cases.js";
import { PROBE } from "../fairness.js";
import { compileMemoryBound } from "../memory-bound/compile.js";
import type { Run } from "../run.js";
import { suiteSection } from "./markdown.js";
import type { SuiteResults } from "./results.js";
import { steps, suite } from "./suite.js";

function freshProcess(): number {
  const { stdout } = spawnSync(process.execPath, ["-e", `console.log((() => {${PROBE}})())`], { encoding: "utf8" });
  return Number(stdout);
}

export const run: Run<SuiteResults, Case> = {
  items: [...CASES, ...SMALL_CASES],
  section: suiteSection,
  measure(cases, { quick, begin, step }) {
    const names = cases.map(({ name }) => name);
    begin(steps(names));
    return suite(names, quick, { memoryBound: compileMemoryBound(), freshly: freshProcess, step });
  },
};
