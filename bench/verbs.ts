import type { Verb } from "./baseline/index.js";

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
