export { BatchNorm, type DistributedOptions } from "./batchnorm.js";
export { type EstimateOptions, estimateStatistics } from "./estimate.js";
export type { AllReduce } from "./reduction.js";
