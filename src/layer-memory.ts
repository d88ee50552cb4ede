import { checkBoolean, checkEps, checkInteger, checkMomentum, checkOneOf } from "./arguments.js";
import { wrongType, wrongValue } from "./errors.js";
import { KernelInstance } from "./kernels.js";
import { MOST_CHANNELS } from "./layout.js";
import * as operations from "./operations.js";
import { checkOptions } from "./options.js";
import { ofAnotherCopy } from "./realms.js";
import { RunningStatistics } from "./running-statistics.js";
import { Doubles, FloatTensor, together } from "./tensor.js";

export interface BatchNormOptions {
  /** Added to the variance under the root. Default 1e-5. */
  eps?: number | undefined;
  /**
   * Weight of the new batch, running = (1 - momentum) * running + momentum * batch: 0 keeps the running statistics as they
   * are, 1 replaces them; null gives every batch the same weight (cumulative average). Default 0.1, as in PyTorch; Keras
   * and ONNX name the weight of the old value (their 0.99 is 0.01 here).
   */
  momentum?: number | null | undefined;
  /** Learn a scale. Default true. */
  gamma?: boolean | undefined;
  /** Learn a shift. Default true. */
  beta?: boolean | undefined;
  /** Keep running statistics. Without them inference normalizes by the batch as training does. Default true. */
  trackRunningStats?: boolean | undefined;
  /**
   * What the running variance averages: the batch's unbiased variance (sum of squares / (m - 1): PyTorch) or its population
   * variance (/ m: Keras, ONNX). The batch itself is always normalized by its population variance. Default "unbiased".
   */
  runningVariance?: "unbiased" | "population" | undefined;
  /** Fused behind the normalization. Default "none". */
  activation?: operations.Activation | undefined;
}

const OPTIONS: readonly (keyof BatchNormOptions)[] = [
  "eps",
  "momentum",
  "gamma",
  "beta",
  "trackRunningStats",
  "runningVariance",
  "activation",
];

/** A layer's settings and what it holds in the kernels' memory: a few values a channel. */
export class LayerMemory {
  readonly kernels: KernelInstance;
  readonly numFeatures: number;
  eps: number;
  momentum: number | null;
  readonly unbiased: boolean;
  /** Parameters, and the mean and invstd of the last forward for its backward. */
  readonly affine: operations.Affine;
  /** The last batch's variance. */
  readonly variance: Doubles;
  readonly running: RunningStatistics | null;
  /** The last gradients, in float64 and as the caller sees them. */
  readonly sums: operations.Sums;
  readonly dgamma: FloatTensor | null;
  readonly dbeta: FloatTensor | null;
  readonly #blocks: { dispose(): void }[] = [];
  disposed = false;

  /** @throws TypeError, RangeError for a wrong argument; nothing was allocated then */
  constructor(kernels: unknown, numFeatures: number, options: BatchNormOptions) {
    if (!(kernels instanceof KernelInstance)) {
      const expected = "what load returned";
      throw ofAnotherCopy("kernels", expected, kernels) ?? wrongType("kernels", expected, kernels);
    }
    this.kernels = kernels.unwrapped();
    this.numFeatures = checkInteger("numFeatures", numFeatures, 1);
    if (numFeatures > MOST_CHANNELS) throw wrongValue("numFeatures", `at most ${MOST_CHANNELS}`, numFeatures);
    checkOptions(options, OPTIONS);
    const { gamma = true, beta = true, trackRunningStats = true } = options;
    const { eps = 1e-5, momentum = 0.1, runningVariance = "unbiased", activation = "none" } = options;
    checkBoolean("gamma", gamma);
    checkBoolean("beta", beta);
    checkBoolean("trackRunningStats", trackRunningStats);
    checkOneOf("activation", activation, operations.ACTIVATIONS);
    this.unbiased = checkOneOf("runningVariance", runningVariance, ["unbiased", "population"]) === "unbiased";
    this.eps = checkEps(eps);
    this.momentum = checkMomentum(momentum);

    const built = together((own) => {
      const filled = <B extends FloatTensor | Doubles>(block: B, value: number): B => {
        own(block).data.fill(value);
        this.#blocks.push(block);
        return block;
      };
      const floats = (value: number) => filled(new FloatTensor(kernels, [numFeatures], "C"), value);
      const doubles = (value: number) => filled(new Doubles(kernels, numFeatures), value);
      return {
        affine: {
          mean: doubles(0),
          invstd: doubles(0),
          gamma: gamma ? floats(1) : null,
          beta: beta ? floats(0) : null,
          activation,
        },
        variance: doubles(0),
        running: trackRunningStats ? new RunningStatistics(doubles(0), doubles(1)) : null,
        sums: { dgamma: doubles(0), dbeta: doubles(0) },
        dgamma: gamma ? floats(0) : null,
        dbeta: beta ? floats(0) : null,
      };
    });
    this.affine = built.affine;
    this.variance = built.variance;
    this.running = built.running;
    this.sums = built.sums;
    this.dgamma = built.dgamma;
    this.dbeta = built.dbeta;
  }

  dispose(): void {
    this.disposed = true;
    for (const block of this.#blocks) block.dispose();
  }
}
