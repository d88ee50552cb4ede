import type { Header } from "../../scripts/common/machine.js";
import type { Verb } from "../baseline/index.js";
import type { Timing } from "../measure.js";
import type { Scan } from "../scaling/results.js";
import type { Share } from "./kinds.js";

/** One kind of data in one case: ordinary data and each share of channels of the kind, in the same rounds. */
export interface KindResult {
  readonly case: string;
  readonly kind: string;
  readonly relu: boolean;
  /** Of the verbs that the kind can slow down. */
  readonly timings: Partial<Readonly<Record<Verb, Readonly<Record<"ordinary" | Share, Timing>>>>>;
}

export interface DataResults {
  readonly header: Header;
  readonly kinds: readonly KindResult[];
  /** Of each batch and number of channels the sizes of a plane, the largest of which the others are compared with. */
  readonly scans: readonly Scan[];
}
