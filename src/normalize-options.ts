import { checkEps, checkOneOf } from "./arguments.js";
import { checkLikeInput, checkResidual, checkVector } from "./operands.js";
import { ACTIVATIONS, type Activation, type Address, type Affine } from "./operations.js";
import { checkOptions } from "./options.js";
import type { FloatTensor, Tensor } from "./tensor.js";

/** Options of `normalize`, `gradientSums` and `inputGradient`. One object can serve all three. */
export interface GradientOptions {
  /** Scale, shape [C]; absent: 1. */
  gamma?: Tensor | null | undefined;
  /** Shift, shape [C]; absent: 0. Matters to a gradient only with an activation. */
  beta?: Tensor | null | undefined;
  /** Added to the variance under the root. Default 1e-5. */
  eps?: number | undefined;
  /** Fused activation after the normalization. Default "none". */
  activation?: Activation | undefined;
  /**
   * A tensor of x's shape and layout for y or dx, instead of a new one. It may be the input of the result.
   * `gradientSums` has no such result and writes nothing into it.
   */
  out?: Tensor | undefined;
}

/** Options of `normalize`. The gradients refuse a residual, because they cannot mask by it: see `maskGradient`. */
export interface NormalizeOptions extends GradientOptions {
  /** A tensor of x's shape and layout, added before the activation. It may be `out`. */
  residual?: Tensor | null | undefined;
}

/** Options of `maskGradient`. */
export interface MaskOptions {
  /** A tensor of y's shape and layout for the result, instead of a new one. It may be dy or y. */
  out?: Tensor | undefined;
  /** The activation that computed y. Default "relu"; with "none" the result is a copy of dy. */
  activation?: Activation | undefined;
}

export const GRADIENT_OPTIONS: readonly (keyof GradientOptions)[] = ["gamma", "beta", "eps", "activation", "out"];
export const MASK_OPTIONS: readonly (keyof MaskOptions)[] = ["out", "activation"];
export const NORMALIZE_OPTIONS: readonly (keyof NormalizeOptions)[] = [...GRADIENT_OPTIONS, "residual"];

export type CheckedOptions = Omit<Affine, "mean" | "invstd"> & {
  readonly eps: number;
  readonly residual: Address;
  readonly out: FloatTensor | null;
};

/** @throws TypeError, RangeError for a wrong option, and for one that is not among the known ones */
export function checkNormalizeOptions(
  options: NormalizeOptions,
  x: FloatTensor,
  known: readonly (keyof NormalizeOptions)[],
): CheckedOptions {
  checkOptions(options, known);
  const { gamma, beta, residual, eps = 1e-5, activation = "none", out } = options;
  return {
    eps: checkEps(eps),
    activation: ACTIVATIONS.indexOf(checkOneOf("activation", activation, ACTIVATIONS)),
    gamma: checkVector("gamma", gamma, x),
    beta: checkVector("beta", beta, x),
    residual: checkResidual(residual, x),
    out: out === undefined ? null : checkLikeInput("out", out, x),
  };
}
