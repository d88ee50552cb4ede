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
import { layerAndInstanceNorm } from "./claims/layer-and-instance-norm.js";
import { learningRate } from "./claims/learning-rate.js";
import { linear } from "./claims/linear.js";
import { meanOrVarianceOnly } from "./claims/mean-or-variance-only.js";
import { movingAverage } from "./claims/moving-average.js";
import { normalized } from "./claims/normalized.js";
import { oneByOneConvolution } from "./claims/one-by-one-convolution.js";
import { placement } from "./claims/placement.js";
import { predictionMode } from "./claims/prediction-mode.js";
import { ranks } from "./claims/ranks.js";
import { regularisation } from "./claims/regularisation.js";
import { scaleInvariance } from "./claims/scale-invariance.js";
import { whatToCompare } from "./claims/what-to-compare.js";
import { whichLayers } from "./claims/which-layers.js";
import type { Experiment } from "./experiment.js";

/** The experiments in the order of the report. */
export const experiments: readonly Experiment[] = [
  convergence,
  learningRate,
  finalAccuracy,
  batchOfOne,
  batchSize,
  predictionMode,
  movingAverage,
  oneByOneConvolution,
  normalized,
  eps,
  identity,
  bias,
  scaleInvariance,
  gradientsByDepth,
  regularisation,
  internalCovariateShift,
  placement,
  whichLayers,
  meanOrVarianceOnly,
  linear,
  layerAndInstanceNorm,
  ranks,
  figure1,
  whatToCompare,
  batchAndSpeed,
];
