export type { AllReduce } from "../distributed/reduction.js";
export {
  type EstimateBatch,
  type EstimateDataset,
  type EstimateOptions,
  estimateStatistics,
  type LayersModel,
} from "./estimate.js";
export { type InstallOptions, install, type Tfjs, type TfjsLayers, uninstall } from "./install.js";
export type { Tf } from "./kernels/geometry.js";
export { installKernels, registerConv2DBackpropFilter, registerConvolutionGradients } from "./kernels/register.js";
export type { Undo } from "./kernels/scope.js";
export {
  batchNormInference,
  batchNormTraining,
  type NormalizationOptions,
  type SingleValue,
  type TrainingOptions,
  type TrainingResult,
} from "./ops.js";
export { type BackendStatus, status } from "./status.js";
