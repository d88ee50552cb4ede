import type { Header } from "../../scripts/common/machine.js";
import type { Verb } from "../baseline/index.js";
import type { Case } from "../cases.js";
import type { Timing } from "../measure.js";

/** One case without and with the activation, timed in the same rounds. */
export interface ReluCase extends Case {
  readonly timings: Readonly<Record<Verb, Readonly<Record<"plain" | "relu", Timing>>>>;
}

export interface ReluResults {
  readonly header: Header;
  readonly cases: readonly ReluCase[];
}
