export { BatchNorm, type Gradients } from "./batchnorm.js";
export {
  type GradientSums,
  gradientSums,
  inputGradient,
  type NormalizeOptions,
  normalize,
  type OwnedGradientSums,
} from "./functional.js";
export type { Implementation, LoadOptions } from "./instantiate.js";
export type { Backend, KernelExports, Kernels } from "./kernels.js";
export type { BatchNormOptions } from "./layer-memory.js";
export type { Layout } from "./layout.js";
export { instantiateKernels, instantiateKernelsAsync, kernelsOf, load, loadSync } from "./load.js";
export type { KernelMemory } from "./memory.js";
export type { StateDict, StateDictLike } from "./state.js";
export { batchStatistics, mergeStatistics, type OwnedStatistics, type Statistics } from "./statistics.js";
export type { Tensor } from "./tensor.js";
export type { Activation } from "./verbs.js";
