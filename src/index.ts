export { BatchNorm, type Gradients } from "./batchnorm.js";
export {
  type GradientOptions,
  type GradientSums,
  gradientSums,
  inputGradient,
  type NormalizeOptions,
  normalize,
  type OwnedGradientSums,
} from "./functional.js";
export { instantiateKernels, type KernelExports, type Kernels, type LoadOptions, load, loadSync } from "./kernels.js";
export type { BatchNormOptions } from "./layer-memory.js";
export type { Layout } from "./layout.js";
export type { StateDict, StateDictLike } from "./state.js";
export { batchStatistics, mergeStatistics, type OwnedStatistics, type Statistics } from "./statistics.js";
export type { Tensor } from "./tensor.js";
export type { Activation } from "./verbs.js";
