import { batchAndSpeed } from "./claims/batch-and-speed.js";
import { batchOfOne } from "./claims/batch-of-one.js";
import { batchSize } from "./claims/batch-size.js";
import { bias } from "./claims/bias.js";
import { convergence } from "./claims/convergence.js";
import { eps } from "./claims/eps.js";
import { figure1 } from "./claims/figure-1.js";
import { finalAccuracy } from "./claims/final-accuracy.js";
import { gradientsByDepth } from "./claims/gradients-by-depth.js";
import { identity } from "./claims/identity.js";
import { internalCovariateShift } from "./claims/internal-covariate-shift.js";
import { learningRate } from "./claims/learning-rate.js";
import { meanOrVarianceOnly } from "./claims/mean-or-variance-only.js";
import { normalized } from "./claims/normalized.js";
import { oneByOneConvolution } from "./claims/one-by-one-convolution.js";
import { placement } from "./claims/placement.js";
import { predictionMode } from "./claims/prediction-mode.js";
import { ranks } from "./claims/ranks.js";
import { whatToCompare } from "./claims/what-to-compare.js";
import { whichLayers } from "./claims/which-layers.js";
import type { Experiment } from "./experiment.js";

/** In the order of the report. */
export const experiments: readonly Experiment[] = [
  convergence,
  learningRate,
  finalAccuracy,
  batchOfOne,
  batchSize,
  predictionMode,
  oneByOneConvolution,
  normalized,
  eps,
  identity,
  bias,
  gradientsByDepth,
  internalCovariateShift,
  placement,
  whichLayers,
  meanOrVarianceOnly,
  ranks,
  figure1,
  whatToCompare,
  batchAndSpeed,
];
