import type { SingleValue } from "./ops.js";

/** Something that was replaced or added, and the way back. */
export interface Replacement {
  /** Whether it is still in place: others may have replaced it in turn. */
  holds(): boolean;
  restore(): void;
}

/** What is installed. */
export interface Installation {
  readonly replacements: Map<string | object, Replacement>;
  /** One for each install that was not undone. */
  readonly users: Set<object>;
  /** For all layers: what becomes of a batch with one value per channel. */
  singleValue: SingleValue;
  /** How often everything was taken back: an install that still waited then has nothing to do. */
  generation: number;
}

const KEY = Symbol.for("batchnorm-wasm/tfjs");

/** One for all copies of this module: a program may have it as ESM and as CommonJS, or anew after a hot reload. */
export function installation(): Installation {
  const shared = globalThis as { [KEY]?: Installation };
  shared[KEY] ??= { replacements: new Map(), users: new Set(), singleValue: "refuse", generation: 0 };
  return shared[KEY];
}
