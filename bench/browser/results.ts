import type { Header } from "../../scripts/common/machine.js";
import type { SuiteResult } from "../suite/results.js";

export interface PageResult extends SuiteResult {
  /** Milliseconds between two values of the page's timer. */
  readonly timerStep: number;
}

export interface BrowserResult extends PageResult {
  /** With its version. */
  readonly engine: string;
}

export interface BrowserResults {
  readonly header: Header;
  readonly browsers: readonly BrowserResult[];
  /** Why a browser is not among them. */
  readonly missing: readonly string[];
}
