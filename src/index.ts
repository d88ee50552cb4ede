export { BatchNorm, type BatchNormOptions, type Gradients } from "./batchnorm.js";
export {
  batchStatistics,
  type GradientOptions,
  type GradientSums,
  gradientSums,
  inputGradient,
  mergeStatistics,
  type NormalizeOptions,
  normalize,
  type OwnedGradientSums,
  type OwnedStatistics,
  type Statistics,
} from "./functional.js";
export { instantiateKernels, type KernelExports, type Kernels, type LoadOptions, load, loadSync } from "./kernels.js";
export type { Layout } from "./layout.js";
export type { StateDict } from "./state.js";
export type { Tensor } from "./tensor.js";
export type { Activation } from "./verbs.js";
