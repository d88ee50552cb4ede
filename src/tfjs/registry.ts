import type { KernelConfig } from "@tensorflow/tfjs-core";

/** What is needed of TensorFlow.js to put one kernel in another's place. */
export interface Registry {
  registerKernel(config: KernelConfig): void;
  unregisterKernel(kernelName: string, backendName: string): void;
}

/** Registers a kernel in the place of the one there is, of which TensorFlow.js would warn. */
export function replaceKernel(tf: Registry, config: KernelConfig): void {
  tf.unregisterKernel(config.kernelName, config.backendName);
  tf.registerKernel(config);
}
