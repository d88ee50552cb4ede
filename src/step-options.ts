import { checkOptions } from "./options.js";
import { MADE_BY_THIS_PACKAGE } from "./realms.js";
import { FloatTensor, type Tensor } from "./tensor.js";

export interface ForwardOptions {
  /**
   * A tensor of x's shape and layout for y, instead of a new one. It may be the residual. It may be x, but then
   * `backward` throws.
   */
  out?: Tensor | undefined;
  /** A tensor of x's shape and layout, added before the activation. It may be x. */
  residual?: Tensor | null | undefined;
}

export interface BackwardOptions {
  /**
   * A tensor of x's shape and layout for dx, instead of a new one. It may be dy, but not x, nor a y that must not
   * change.
   */
  out?: Tensor | undefined;
  /**
   * A tensor of x's shape and layout for the residual's gradient: dy where y is positive or NaN, else 0; without an
   * activation a copy of dy. It may be dy, but not x, not `out`, nor a y that must not change. Without it backward
   * masks dy in dx.
   */
  residualGradient?: Tensor | null | undefined;
  /**
   * Adds to the layer's dgamma and dbeta instead of overwriting them. Both are 0 in a new layer. Each call adds in
   * float64 and rounds the sum to float32 once. dx belongs to this dy alone. Default false.
   */
  accumulate?: boolean | undefined;
}

export const FORWARD_OPTIONS: readonly (keyof ForwardOptions)[] = ["out", "residual"];
export const BACKWARD_OPTIONS: readonly (keyof BackwardOptions)[] = ["out", "residualGradient", "accumulate"];

/**
 * Returns the last argument of a step if it is an options object, after a check of its names. Returns null for a
 * tensor. Any other value also gives null, and is refused as a wrong tensor later.
 */
export function optionsIn<Options extends object>(
  value: Tensor | Options | undefined,
  known: readonly (keyof Options & string)[],
): Options | null {
  if (value === undefined || value instanceof FloatTensor) return null;
  // This excludes arrays, views and functions. The constant avoids the string that `isA` would build.
  if (Object.prototype.toString.call(value) !== "[object Object]" || MADE_BY_THIS_PACKAGE in value) return null;
  checkOptions(value, known);
  return value as Options;
}
