import type { Header } from "../../scripts/common/machine.js";
import type { Case } from "../cases.js";
import type { Quartiles } from "../report/numbers.js";
import type { How } from "./probe.js";

export interface StartCalls {
  /** One element for each of CALLS. */
  readonly calls: readonly Quartiles[];
  readonly hot: Quartiles;
}

export interface StartCase extends Pick<Case, "name" | "bytes"> {
  readonly forward: StartCalls;
  readonly backward: StartCalls;
}

export interface StartEngine {
  readonly engine: string;
  /** Milliseconds between two values of its timer. */
  readonly timerStep: number;
  readonly loading: Readonly<Record<How, Quartiles>>;
  readonly cases: readonly StartCase[];
}

export interface StartResults {
  readonly header: Header;
  /** Fresh engines per case. */
  readonly repetitions: number;
  readonly engines: readonly StartEngine[];
  readonly missing: readonly string[];
}
