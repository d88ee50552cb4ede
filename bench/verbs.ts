import type { Verb } from "./baseline/index.js";

export const VERBS = ["trainingForward", "inference", "backward"] as const satisfies readonly Verb[];

export const TITLES: Readonly<Record<Verb, string>> = {
  trainingForward: "Training forward",
  inference: "Inference",
  backward: "Backward",
};

/** The memory traffic that the effective bandwidth counts, in reads and writes of a tensor of x's size. */
export const TRAFFIC: Readonly<Record<Verb, { readonly count: number; readonly text: string }>> = {
  trainingForward: { count: 3, text: "2 reads + 1 write" },
  inference: { count: 2, text: "1 read + 1 write" },
  backward: { count: 5, text: "4 reads + 1 write" },
};
