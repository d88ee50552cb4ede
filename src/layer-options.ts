import { checkBoolean, checkEps, checkMomentum, checkOneOf } from "./arguments.js";
import { ACTIVATIONS, type Activation } from "./operations.js";
import { checkOptions } from "./options.js";

export interface BatchNormOptions {
  /** Added to the variance under the root. Default 1e-5. */
  eps?: number | undefined;
  /**
   * The weight of the new batch: running = (1 - momentum) * running + momentum * batch. 0 keeps the running statistics,
   * 1 replaces them, and null gives every batch the same weight (cumulative average). Default 0.1, as in PyTorch. Keras
   * and ONNX name the weight of the old value, so their 0.99 is 0.01 here.
   */
  momentum?: number | null | undefined;
  /** Learn a scale. Default true. */
  gamma?: boolean | undefined;
  /** Learn a shift. Default true. */
  beta?: boolean | undefined;
  /** Keep running statistics. Without them inference normalizes by the batch as training does. Default true. */
  trackRunningStats?: boolean | undefined;
  /**
   * The variance that the running variance averages: unbiased (sum of squares / (m - 1), as in PyTorch) or population
   * (sum of squares / m, as in Keras and ONNX). The batch itself is always normalized by its population variance.
   * Default "unbiased".
   */
  runningVariance?: "unbiased" | "population" | undefined;
  /** Fused activation after the normalization. Default "none". */
  activation?: Activation | undefined;
}

export const OPTIONS: readonly (keyof BatchNormOptions)[] = [
  "eps",
  "momentum",
  "gamma",
  "beta",
  "trackRunningStats",
  "runningVariance",
  "activation",
];

type Settings = { readonly [Name in keyof Required<BatchNormOptions>]: Exclude<BatchNormOptions[Name], undefined> };

/** @throws TypeError, RangeError for a wrong option */
export function checkLayerOptions(options: BatchNormOptions): Settings {
  checkOptions(options, OPTIONS);
  const { gamma = true, beta = true, trackRunningStats = true } = options;
  const { eps = 1e-5, momentum = 0.1, runningVariance = "unbiased", activation = "none" } = options;
  return {
    gamma: checkBoolean("gamma", gamma),
    beta: checkBoolean("beta", beta),
    trackRunningStats: checkBoolean("trackRunningStats", trackRunningStats),
    activation: checkOneOf("activation", activation, ACTIVATIONS),
    runningVariance: checkOneOf("runningVariance", runningVariance, ["unbiased", "population"]),
    eps: checkEps(eps),
    momentum: checkMomentum(momentum),
  };
}
