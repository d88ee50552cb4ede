import type { Verbs } from "./baseline/index.js";
import type { RunningStatistics } from "./reference.js";

/** The contenders, in the order of the report's rows. */
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

/** One implementation of the three verbs on one problem. A training forward must run before backward. */
export interface Contender {
  readonly name: Name;
  readonly verbs: Verbs;
  /** Sets the running statistics, and prepares the outputs for a comparison. */
  reset(before: RunningStatistics): void;
  /** The results that the verbs have written so far. */
  results(): Results;
}
