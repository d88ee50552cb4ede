export { BatchNorm, type DistributedOptions } from "./batchnorm.js";
export type { AllReduce } from "./reduction.js";
