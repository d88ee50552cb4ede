import type { Header } from "../../scripts/common/machine.js";
import type { SuiteResult } from "../suite/results.js";

export interface PageResult extends SuiteResult {
  /** Milliseconds between two values of the page's timer. */
  readonly timerStep: number;
}

export interface BrowserResult extends PageResult {
  /** The name of the browser with its version. */
  readonly engine: string;
}

export interface BrowserResults {
  readonly header: Header;
  readonly browsers: readonly BrowserResult[];
  /** The reasons why browsers were not measured. */
  readonly missing: readonly string[];
}
