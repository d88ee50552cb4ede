import type { NetworkSettings } from "../../lecture/training/network.js";

/** How one network is built and trained. */
export interface Settings {
  /** LeNet, four dense hidden layers, or ten. */
  readonly network: "lenet" | "dense" | "deep";
  /** The hidden layers with batch norm, from 0. */
  readonly layers: readonly number[];
  readonly activation: "sigmoid" | "relu" | "tanh" | "linear";
  readonly placement: "before" | "after" | "input";
  readonly seed: number;
  // What follows changes while the network is trained.
  readonly rate: number;
  /** Images in a step. */
  readonly batch: number;
  readonly eps: number;
  /** Weight of the new batch in the running statistics. */
  readonly momentum: number;
  /** Batches of all classes, or of one class each. */
  readonly order: "mixed" | "sorted";
  /** Also measures by precise statistics. */
  readonly precise: boolean;
}

const BODIES = { lenet: "lenet", dense: Array(4).fill(64), deep: Array(10).fill(64) } as const;

/** For `makeNetwork`. One value per channel passes, because the page shows what comes of it. */
export function networkSettings({ network, layers, activation, placement, eps, momentum }: Settings): NetworkSettings {
  const norm = layers.length === 0 ? null : ({ eps, momentum, singleValue: "pass" } as const);
  return { body: BODIES[network], activation, placement, where: layers, norm };
}

/** Whether the same network can go on with other settings. */
export function isSameNetwork(a: Settings, b: Settings): boolean {
  const fixed = ({ network, layers, activation, placement, seed }: Settings) =>
    JSON.stringify([network, layers, activation, placement, seed]);
  return fixed(a) === fixed(b);
}
