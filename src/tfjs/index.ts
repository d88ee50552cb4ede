export type { Tf } from "./convolution/geometry.js";
export type { Undo } from "./convolution/kernels.js";
export { registerConv2DBackpropFilter, registerConvolutionGradients } from "./convolution/register.js";
export { type InstallOptions, install, type Tfjs, type TfjsLayers, uninstall } from "./install.js";
export {
  batchNormInference,
  batchNormTraining,
  type NormalizationOptions,
  type SingleValue,
  type TrainingOptions,
  type TrainingResult,
} from "./ops.js";
export { type BackendStatus, status } from "./status.js";
