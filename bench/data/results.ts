import type { Header } from "../../scripts/common/machine.js";
import type { Verb } from "../baseline/index.js";
import type { Timing } from "../measure.js";
import type { Scan } from "../scaling/results.js";
import type { Share } from "./kinds.js";

/** One kind of data in one case. Ordinary data and each share of channels are timed in the same rounds. */
export interface KindResult {
  readonly case: string;
  readonly kind: string;
  readonly relu: boolean;
  /** The times of the verbs that the kind can slow down. */
  readonly timings: Partial<Readonly<Record<Verb, Readonly<Record<"ordinary" | Share, Timing>>>>>;
}

export interface DataResults {
  readonly header: Header;
  readonly kinds: readonly KindResult[];
  /**
   * One scan per batch and number of channels. Its points are the sizes of a plane; the others are compared with the
   * largest.
   */
  readonly scans: readonly Scan[];
}
