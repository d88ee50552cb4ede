/** The public names that every entry has, whichever way it loads the kernels. */
export { BatchNorm, type Gradients } from "./batchnorm.js";
export {
  type GradientSums,
  gradientSums,
  inputGradient,
  maskGradient,
  normalize,
  type OwnedGradientSums,
} from "./functional.js";
export type { Kernels } from "./kernels.js";
export type { BatchNormOptions } from "./layer-options.js";
export type { Layout } from "./layout.js";
export type { KernelMemory } from "./memory.js";
export type { GradientOptions, MaskOptions, NormalizeOptions } from "./normalize-options.js";
export type { Activation } from "./operations.js";
export type { Backend } from "./runtime.js";
export type { StateDict, StateDictLike } from "./state.js";
export { batchStatistics, mergeStatistics, type OwnedStatistics, type Statistics } from "./statistics.js";
export type { BackwardOptions, ForwardOptions } from "./step-options.js";
export type { Tensor } from "./tensor.js";
