import type { Header } from "../../scripts/common/machine.js";
import type { Case } from "../cases.js";
import type { Timing } from "../measure.js";

export const PASSES = ["forward", "backward"] as const;
export type Pass = (typeof PASSES)[number];

/**
 * "fused" is one call with the residual and ReLU. "apart" and "apart in JS" are the plain layer and a loop that does
 * both, in WebAssembly or in JavaScript. "memory" is the memory bound of the fused call.
 */
export const WAYS = ["fused", "apart", "apart in JS", "memory"] as const;
export type Way = (typeof WAYS)[number];

export interface ResidualCase extends Case {
  readonly timings: Readonly<Record<Pass, Readonly<Record<Way, Timing>>>>;
}

export interface ResidualResults {
  readonly header: Header;
  readonly cases: readonly ResidualCase[];
}
