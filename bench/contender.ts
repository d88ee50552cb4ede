import type { Verbs } from "./baseline/index.js";
import type { RunningStatistics } from "./reference.js";

/** What is measured, in the order of the report's rows. */
export const NAMES = ["naive JS", "fastest JS", "kernels", "layer", "layer with copies", "memory bound"] as const;
export type Name = (typeof NAMES)[number];

export interface Results {
  readonly y: ArrayLike<number>;
  readonly dx: ArrayLike<number>;
  readonly dgamma: ArrayLike<number>;
  readonly dbeta: ArrayLike<number>;
  readonly runningMean: ArrayLike<number>;
  readonly runningVar: ArrayLike<number>;
}

/** One way of computing the three verbs on one problem; backward follows a training forward. */
export interface Contender {
  readonly name: Name;
  readonly verbs: Verbs;
  /** Set the running statistics, and what else is needed before results are compared. */
  reset(before: RunningStatistics): void;
  /** What the verbs have written so far. */
  results(): Results;
}
