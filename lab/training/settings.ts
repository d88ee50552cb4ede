import type { NetworkSettings } from "../../lecture/training/network.js";

/** The settings that build and train one network. */
export interface Settings {
  /** LeNet, four dense hidden layers, or ten. */
  readonly network: "lenet" | "dense" | "deep";
  /** The hidden layers with batch norm, from 0. */
  readonly layers: readonly number[];
  readonly activation: "sigmoid" | "relu" | "tanh" | "linear";
  readonly placement: "before" | "after" | "input";
  readonly seed: number;
  // The settings from here on can change during the training.
  readonly rate: number;
  /** Images in a step. */
  readonly batch: number;
  readonly eps: number;
  /** Weight of the new batch in the running statistics. */
  readonly momentum: number;
  /** Batches of all classes, or of one class each. */
  readonly order: "mixed" | "sorted";
  /** Tells whether to measure by precise statistics, too. */
  readonly precise: boolean;
}

const BODIES = { lenet: "lenet", dense: Array(4).fill(64), deep: Array(10).fill(64) } as const;

/** Returns the settings for `makeNetwork`. One value per channel is allowed, because the page shows its effect. */
export function networkSettings({ network, layers, activation, placement, eps, momentum }: Settings): NetworkSettings {
  const norm = layers.length === 0 ? null : ({ eps, momentum, singleValue: "pass" } as const);
  return { body: BODIES[network], activation, placement, where: layers, norm };
}

/** Tells whether the same network can continue with other settings. */
export function isSameNetwork(a: Settings, b: Settings): boolean {
  const fixed = ({ network, layers, activation, placement, seed }: Settings) =>
    JSON.stringify([network, layers, activation, placement, seed]);
  return fixed(a) === fixed(b);
}
