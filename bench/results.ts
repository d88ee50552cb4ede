import type { Verb } from "./baseline/index.js";
import type { Case } from "./cases.js";
import type { Name } from "./contender.js";
import type { Timing } from "./measure.js";

export const VERBS = ["trainingForward", "inference", "backward"] as const satisfies readonly Verb[];

export const TITLES: Readonly<Record<Verb, string>> = {
  trainingForward: "Training forward",
  inference: "Inference",
  backward: "Backward",
};

/** How often a tensor of x's size crosses the memory, counted for the effective bandwidth. */
export const TRAFFIC: Readonly<Record<Verb, { readonly count: number; readonly text: string }>> = {
  trainingForward: { count: 3, text: "2 reads + 1 write" },
  inference: { count: 2, text: "1 read + 1 write" },
  backward: { count: 5, text: "4 reads + 1 write" },
};

export type Timings = Readonly<Record<Name, Timing>>;

export interface CaseResult extends Case {
  /** The pure JavaScript variants that were quickest here. */
  readonly fastestJs: Readonly<Record<Verb, string>>;
  readonly timings: Readonly<Record<Verb, Timings>>;
}

export interface Header {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly system: string;
  readonly engine: string;
  readonly quick: boolean;
  readonly seconds: number;
  /** Speed of a plain JavaScript loop in the benchmark's process over its speed in a fresh one; 1 is fair. */
  readonly javascriptSlowdown: number;
}

export interface Results {
  readonly header: Header;
  readonly cases: readonly CaseResult[];
}
