import type { AllReduce } from "../distributed/reduction.js";
import type { SingleValue } from "./ops.js";

/** Something that was replaced or added, and the way back. */
export interface Replacement {
  /** Whether it is still in place: others may have replaced it in turn. */
  holds(): boolean;
  restore(): void;
}

/** The options of one install. */
export interface Choices {
  /** The result of one value per channel, in all layers. */
  readonly singleValue: SingleValue | undefined;
  /** The behaviour in training of all layers that are not trainable. */
  readonly frozen: Frozen | undefined;
  /** For all layers: adds over ranks in training. */
  readonly allReduce: AllReduce | undefined;
}

/** The installed state. */
export interface Installation {
  readonly replacements: Map<string | object, Replacement>;
  /** The options of each install that was not undone, in their order: a later one prevails. */
  readonly users: Set<Choices>;
  /** Layers that have warned of one value per channel. */
  readonly warned: WeakSet<object>;
  /** The number of times that everything was undone. An install that waited during one of them has nothing to do. */
  generation: number;
}

/**
 * How a layer that is not trainable computes in training: by the batch, as in TensorFlow.js, or as Keras by its moving
 * statistics.
 */
export type Frozen = "training" | "inference";
export const FROZEN = ["training", "inference"] as const;

const KEY = Symbol.for("batchnorm-wasm/tfjs");

/** One for all copies of this module: a program may have it as ESM and as CommonJS, or anew after a hot reload. */
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
