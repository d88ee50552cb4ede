import { depthwiseConv2dNativeBackpropFilter, depthwiseConv2dNativeBackpropInput } from "./depthwise-gradients.js";
import { conv2DBackpropFilter } from "./filter-gradient.js";
import type { Tf } from "./geometry.js";
import { conv2DBackpropInput } from "./input-gradient.js";
import { register, type Undo } from "./kernels.js";

/** The kernels that stand in for TensorFlow.js's own gradient of a convolution's input. */
const faster = new WeakSet<object>();

/**
 * Registers the gradient of a convolution's filter, the kernel Conv2DBackpropFilter, on TensorFlow.js's wasm backend,
 * which lacks it: `tf.conv2d` and `tf.conv2dTranspose` can then be trained there. Never replaces a kernel.
 *
 * Call it after "@tensorflow/tfjs-backend-wasm" was imported; the backend need not have started. Returns a function that
 * unregisters what this call registered.
 *
 * Any stride, padding and dimRoundingMode, NHWC and NCHW; x and dy in float32, as the gradient passes them. Blocks of
 * at most 8,192 terms (more only where one row of y over the batch has more) are summed in float32, the blocks in float64.
 */
export function registerConv2DBackpropFilter(tf: Tf): Undo {
  return registerMissing(tf, "Conv2DBackpropFilter", conv2DBackpropFilter(tf));
}

/**
 * Registers the gradients of convolutions that TensorFlow.js's wasm backend lacks: of a convolution's filter, like
 * `registerConv2DBackpropFilter`, and both of a depthwise convolution (`tf.depthwiseConv2d`, `tf.separableConv2d`). Never
 * replaces a kernel. Returns a function that unregisters what this call registered.
 */
export function registerMissingGradients(tf: Tf): Undo {
  return all([
    registerConv2DBackpropFilter(tf),
    registerMissing(tf, "DepthwiseConv2dNativeBackpropFilter", depthwiseConv2dNativeBackpropFilter(tf)),
    registerMissing(tf, "DepthwiseConv2dNativeBackpropInput", depthwiseConv2dNativeBackpropInput(tf)),
  ]);
}

/**
 * Registers on TensorFlow.js's wasm backend all that makes convolutions train well: the gradients that it lacks, and a
 * faster one in place of its own of a convolution's input, which is `tf.conv2dTranspose` as well. That one calls what it
 * replaces for NCHW and where it is no faster, as for few pixels or channels.
 *
 * Returns a function that puts everything back as it was.
 */
export function registerConvolutionGradients(tf: Tf): Undo {
  return all([registerMissingGradients(tf), registerFasterInput(tf)]);
}

function all(undo: readonly Undo[]): Undo {
  return () => {
    for (const each of undo) each();
  };
}

function registerMissing(tf: Tf, kernelName: string, kernelFunc: unknown): Undo {
  return tf.getKernel(kernelName, "wasm") ? () => {} : register(tf, kernelName, kernelFunc);
}

function registerFasterInput(tf: Tf): Undo {
  const original = tf.getKernel("Conv2DBackpropInput", "wasm");
  if (!original || faster.has(original.kernelFunc)) {
    return () => {};
  }
  const kernelFunc = conv2DBackpropInput(tf, original.kernelFunc);
  faster.add(kernelFunc);
  return register(tf, "Conv2DBackpropInput", kernelFunc, original);
}
