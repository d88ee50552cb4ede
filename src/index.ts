export * from "./core.js";
export type { KernelExports } from "./exports.js";
export {
  type Implementation,
  instantiateKernels,
  instantiateKernelsAsync,
  kernelsOf,
  load,
  loadSync,
} from "./load.js";
export type { LoadOptions } from "./load-options.js";
