import type { Header } from "../../scripts/common/machine.js";
import type { CaseResult } from "../trial.js";

/** The results of the suite in one engine. */
export interface SuiteResult {
  readonly cases: readonly CaseResult[];
  readonly small: readonly CaseResult[];
  /** The time of a plain JavaScript loop in the benchmark's process over its time in a fresh process; 1 is fair. */
  readonly javascriptSlowdown: number;
}

export interface SuiteResults extends SuiteResult {
  readonly header: Header;
}
