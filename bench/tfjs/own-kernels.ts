import { installKernels } from "batchnorm-wasm/tfjs";
import { tf } from "./backends.js";

/**
 * Installs our kernels on the wasm backend. `withOwn` runs a function with the backend's own kernels instead of those
 * that we replace.
 */
export function installWithOwn(): { withOwn<T>(run: () => T): T; own(name: string): tf.KernelFunc; undo(): void } {
  const own = new Map(tf.getKernelsForBackend("wasm").map((kernel) => [kernel.kernelName, kernel]));
  const undo = installKernels(tf);
  const ours = tf.getKernelsForBackend("wasm").filter((kernel) => {
    return own.has(kernel.kernelName) && own.get(kernel.kernelName) !== kernel;
  });
  const put = (kernels: readonly (tf.KernelConfig | undefined)[]) => {
    for (const kernel of kernels) {
      if (kernel === undefined) continue;
      tf.unregisterKernel(kernel.kernelName, "wasm");
      tf.registerKernel(kernel);
    }
  };
  const theirs = ours.map(({ kernelName }) => own.get(kernelName));
  return {
    withOwn(run) {
      put(theirs);
      try {
        return run();
      } finally {
        put(ours);
      }
    },
    own: (name) => (own.get(name) as tf.KernelConfig).kernelFunc,
    undo,
  };
}
