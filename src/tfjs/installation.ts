import type { AllReduce } from "../distributed/reduction.js";
import type { SingleValue } from "./ops.js";

/** Something that was replaced or added, and how to restore it. */
export interface Replacement {
  /** Tells whether it is still in place, because others may have replaced it. */
  holds(): boolean;
  restore(): void;
}

/** The options of one install. */
export interface Choices {
  /** The result of one value per channel, in all layers. */
  readonly singleValue: SingleValue | undefined;
  /** The behaviour in training of all layers that are not trainable. */
  readonly frozen: Frozen | undefined;
  /** Adds over ranks, for the training of all layers. */
  readonly allReduce: AllReduce | undefined;
}

/** The installed state. */
export interface Installation {
  readonly replacements: Map<string | object, Replacement>;
  /** The options of each install that was not undone, in order. The latest ones apply. */
  readonly users: Set<Choices>;
  /** Layers that have warned of one value per channel. */
  readonly warned: WeakSet<object>;
  /** Counts how often everything was undone. An install that waited during that has nothing to do. */
  generation: number;
}

/**
 * The behaviour in training of a layer that is not trainable. "training": by the batch, as in TensorFlow.js.
 * "inference": by its moving statistics, as in Keras.
 */
export type Frozen = "training" | "inference";
export const FROZEN = ["training", "inference"] as const;

const KEY = Symbol.for("batchnorm-wasm/tfjs");

/**
 * Returns the one installation of all copies of this module. A program may load it as ESM and as CommonJS, or again
 * after a hot reload.
 */
export function installation(): Installation {
  const shared = globalThis as { [KEY]?: Installation };
  shared[KEY] ??= {
    replacements: new Map(),
    users: new Set(),
    warned: new WeakSet(),
    generation: 0,
  };
  return shared[KEY];
}

/**
 * The options for all layers, from the last install that gave them. Without install one value per channel is refused.
 */
export function choices(): Pick<Choices, "allReduce"> & { readonly singleValue: SingleValue; readonly frozen: Frozen } {
  const { users } = installation();
  let singleValue: SingleValue = users.size > 0 ? "pass" : "refuse";
  let frozen: Frozen = "training";
  let allReduce: AllReduce | undefined;
  for (const user of users) {
    singleValue = user.singleValue ?? singleValue;
    frozen = user.frozen ?? frozen;
    allReduce = user.allReduce ?? allReduce;
  }
  return { singleValue, frozen, allReduce };
}
