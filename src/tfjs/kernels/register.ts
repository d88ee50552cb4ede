import type { KernelConfig, KernelFunc } from "@tensorflow/tfjs-core";
import { wrongType } from "../../errors.js";
import { conv3DBackpropFilter, conv3DBackpropInput } from "./conv3d.js";
import { depthwiseConv2dNativeBackpropFilter, depthwiseConv2dNativeBackpropInput } from "./depthwise-gradients.js";
import { releaseRoom } from "./depthwise-taps.js";
import { conv2DBackpropFilter } from "./filter-gradient.js";
import type { Tf } from "./geometry.js";
import { conv2DBackpropInput } from "./input-gradient.js";
import { matMul, product } from "./matmul.js";
import { onCpu } from "./on-cpu.js";
import { oneHot } from "./one-hot.js";
import { maximum, mean } from "./pool-loops.js";
import { avgPoolGradient, maxPool3D, maxPoolGradient, pool } from "./pooling.js";
import { register, type Undo } from "./scope.js";
import { unsortedSegmentSum } from "./segment-sum.js";
import { convolution, eitherFormat } from "./windows.js";

/** Replaces a kernel of TensorFlow.js. It calls `original` if that is right and no slower. */
type Replacement = (tf: Tf, original: KernelFunc) => unknown;

/** The replaced kernels of the wasm backend. */
const REPLACED: Readonly<Record<string, Replacement>> = {
  Conv2D: (tf, original) => eitherFormat(tf, convolution(tf, original, false)),
  FusedConv2D: (tf, original) => convolution(tf, original, false),
  DepthwiseConv2dNative: (tf, original) => convolution(tf, original, true),
  FusedDepthwiseConv2D: (tf, original) => convolution(tf, original, true),
  Conv2DBackpropInput: (tf, original) => conv2DBackpropInput(tf, original),
  Conv3DBackpropFilterV2: conv3DBackpropFilter,
  Conv3DBackpropInputV2: conv3DBackpropInput,
  MaxPool: (tf, original) => pool(tf, original, maximum),
  MaxPoolGrad: maxPoolGradient,
  MaxPool3D: maxPool3D,
  MaxPool3DGrad: maxPoolGradient,
  AvgPool: (tf, original) => pool(tf, original, mean),
  AvgPoolGrad: (tf, original) => avgPoolGradient(tf, original),
  AvgPool3DGrad: (tf, original) => avgPoolGradient(tf, original),
  BatchMatMul: (tf, original) => matMul(tf, original),
  _FusedMatMul: product,
  OneHot: oneHot,
};

/** The replaced kernels of the cpu backend. */
const REPLACED_ON_CPU: Readonly<Record<string, Replacement>> = {
  AvgPoolGrad: (tf) => onCpu(avgPoolGradient(tf)),
  AvgPool3DGrad: (tf) => onCpu(avgPoolGradient(tf)),
};

/** The kernels that the wasm backend lacks. */
const MISSING: Readonly<Record<string, (tf: Tf) => unknown>> = {
  Conv2DBackpropFilter: conv2DBackpropFilter,
  DepthwiseConv2dNativeBackpropFilter: depthwiseConv2dNativeBackpropFilter,
  DepthwiseConv2dNativeBackpropInput: depthwiseConv2dNativeBackpropInput,
  UnsortedSegmentSum: unsortedSegmentSum,
};

/** The key of a property that our kernels have, from every copy of this module. */
const OURS: unique symbol = Symbol.for("batchnorm-wasm/tfjs kernel");

/**
 * Makes the wasm backend of TensorFlow.js train everything that its cpu backend trains. It registers missing gradients,
 * and replaces wrong or slow kernels of convolution, pooling and matrix products. A replacement calls the original
 * where that is right and not slower. On the cpu backend it replaces the gradients of average pooling, which are wrong.
 * `install` does all this.
 *
 * Call it after the backends were imported; they need not have started. Kernels that other code registered for missing
 * ones stay.
 * @returns undoes this call: a kernel is put back when the last call that has it is undone, unless somebody replaced it since
 * @throws TypeError for a wrong argument
 */
export function installKernels(tf: Tf): Undo {
  for (const name of ["getKernel", "registerKernel", "unregisterKernel"] as const) {
    if (typeof tf?.[name] !== "function") throw wrongType("tf", "the namespace of TensorFlow.js", tf);
  }
  const wasm = tf.getKernel("Conv2D", "wasm") !== undefined;
  const undo = [
    ...Object.entries(wasm ? MISSING : {}).map(([name, kernel]) => add(tf, name, kernel)),
    ...Object.entries(REPLACED).map(([name, kernel]) => replace(tf, name, "wasm", kernel)),
    ...Object.entries(REPLACED_ON_CPU).map(([name, kernel]) => replace(tf, name, "cpu", kernel)),
  ];
  return () => {
    for (const each of undo) each();
    releaseRoom();
  };
}

/** @deprecated The name of {@link installKernels} before it did more. */
export const registerConv2DBackpropFilter: (tf: Tf) => Undo = installKernels;

/** @deprecated The name of {@link installKernels} before it did more. */
export const registerConvolutionGradients: (tf: Tf) => Undo = installKernels;

function add(tf: Tf, kernelName: string, kernel: (tf: Tf) => unknown): Undo {
  return (
    held(tf, kernelName, "wasm") ?? (tf.getKernel(kernelName, "wasm") ? () => {} : hold(tf, kernelName, kernel(tf)))
  );
}

function replace(tf: Tf, kernelName: string, backend: string, kernel: Replacement): Undo {
  const original = tf.getKernel(kernelName, backend);
  if (!original) return () => {};
  return held(tf, kernelName, backend) ?? hold(tf, kernelName, kernel(tf, original.kernelFunc), original);
}

/**
 * The record of our kernel, under {@link OURS}: the number of calls that installed it, and the function that restores
 * the original.
 */
interface Held {
  users: number;
  undo: Undo;
}

/** Counts one more call for our kernel. Returns null if our kernel is not registered. */
function held(tf: Tf, kernelName: string, backend: string): Undo | null {
  const kernel = tf.getKernel(kernelName, backend)?.kernelFunc as (KernelFunc & { [OURS]?: Held }) | undefined;
  return kernel?.[OURS] ? share(kernel[OURS]) : null;
}

function hold(tf: Tf, kernelName: string, kernel: unknown, original?: KernelConfig): Undo {
  const entry: Held = { users: 0, undo: () => {} };
  entry.undo = register(tf, kernelName, Object.assign(kernel as KernelFunc, { [OURS]: entry }), original);
  return share(entry);
}

/** The kernel is put back when the last call that has it is undone. */
function share(entry: Held): Undo {
  entry.users++;
  let mine = true;
  return () => {
    if (mine && --entry.users === 0) entry.undo();
    mine = false;
  };
}
