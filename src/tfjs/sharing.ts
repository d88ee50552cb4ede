import {
  engine,
  getKernel,
  type KernelConfig,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { replaceKernel } from "./registry.js";

const tf = { registerKernel, unregisterKernel };

/** The kernel behind tf.clone, by which TensorFlow.js saves tensors for a gradient. */
const IDENTITY = "Identity";

/**
 * Runs with a clone that shares the data, as that of the cpu backend and tf.reshape do. The wasm backend's copies it: to
 * save x for the backward pass takes longer than the forward pass.
 */
export function sharingClones<T>(run: () => T): T {
  const { backendName } = engine();
  const original = backendName === "wasm" ? getKernel(IDENTITY, backendName) : undefined;
  if (original === undefined) return run();
  replaceKernel(tf, { ...original, kernelFunc: share });
  try {
    return run();
  } finally {
    replaceKernel(tf, original);
  }
}

const share: KernelConfig["kernelFunc"] = ({ inputs, backend }) => {
  const { dataId, shape, dtype } = inputs.x as TensorInfo;
  (backend as { incRef(dataId: object): void }).incRef(dataId);
  return { dataId, shape, dtype };
};
