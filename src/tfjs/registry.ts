import type { KernelConfig } from "@tensorflow/tfjs-core";

/** The part of TensorFlow.js that replaces one kernel by another. */
export interface Registry {
  registerKernel(config: KernelConfig): void;
  unregisterKernel(kernelName: string, backendName: string): void;
}

/** Registers a kernel instead of the present one, without the warning of TensorFlow.js. */
export function replaceKernel(tf: Registry, config: KernelConfig): void {
  tf.unregisterKernel(config.kernelName, config.backendName);
  tf.registerKernel(config);
}
