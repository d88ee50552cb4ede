import * as tf from "@tensorflow/tfjs-core";

interface Attributes {
  strides: number | [number, number];
  pad: "same" | "valid" | number | tf.backend_util.ExplicitPadding;
  dataFormat: "NHWC" | "NCHW";
  dimRoundingMode?: "floor" | "round" | "ceil";
  filterShape: [number, number, number, number];
}
type Shape4 = [number, number, number, number];
interface WasmBackend {
  disposeData(dataId: object): boolean;
}

const name = tf.Conv2DBackpropFilter;

/** Registers the gradient of a convolution's filter on the wasm backend, which lacks it. Never replaces a kernel. */
export function registerConv2DBackpropFilter(): void {
  if (!tf.getKernel(name, "wasm")) {
    tf.registerKernel({
      kernelName: name,
      backendName: "wasm",
      kernelFunc: conv2DBackpropFilter as unknown as tf.KernelFunc,
    });
  }
}

/**
 * dW[i, j, c, k] = sum over n, p, q of x[n, p·stride + i - top, q·stride + j - left, c] · dy[n, p, q, k]
 *
 * With batch and channels of x exchanged this is itself a convolution: c takes the place of the batch, n of the input
 * channels, dy (with n as its input channels) is the filter, and the stride between its taps is a dilation. It has to
 * give exactly filterHeight x filterWidth positions, so x must be (taps - 1)·stride + filterHeight high: padding fills
 * what is missing; rows and columns that the forward convolution never reached are cut off.
 */
function conv2DBackpropFilter(call: {
  inputs: { x: tf.TensorInfo; dy: tf.TensorInfo };
  backend: WasmBackend;
  attrs: Attributes;
}): tf.TensorInfo {
  const { backend, attrs } = call;
  const { x, dy } = call.inputs;
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs;
  if (dataFormat !== "NHWC") {
    throw new Error(`${name} on wasm expected dataFormat NHWC, got ${dataFormat}`);
  }
  const info = tf.backend_util.computeConv2DInfo(x.shape as Shape4, filterShape, strides, 1, pad, dimRoundingMode);
  const rows = span(info.inHeight, info.outHeight, info.strideHeight, info.filterHeight, info.padInfo.top);
  const columns = span(info.inWidth, info.outWidth, info.strideWidth, info.filterWidth, info.padInfo.left);

  const temporary: tf.TensorInfo[] = [];
  const run = (kernelName: string, inputs: tf.NamedTensorInfoMap, kernelAttrs: object): tf.TensorInfo => {
    const { kernelFunc } = tf.getKernel(kernelName, "wasm");
    const result = kernelFunc({ inputs, backend, attrs: kernelAttrs as tf.NamedAttrMap }) as tf.TensorInfo;
    temporary.push(result);
    return result;
  };
  const size = [info.batchSize, rows.used, columns.used, info.inChannels];
  const whole = rows.used === info.inHeight && columns.used === info.inWidth;
  const used = whole ? x : run(tf.Slice, { x }, { begin: [0, 0, 0, 0], size });
  const exchanged = run(tf.Transpose, { x: used }, { perm: [3, 1, 2, 0] });
  const taps = run(tf.Transpose, { x: dy }, { perm: [1, 2, 0, 3] });
  const dilated = run(
    tf.Conv2D,
    { x: exchanged, filter: taps },
    {
      strides: [1, 1],
      dilations: [info.strideHeight, info.strideWidth],
      pad: [[0, 0], rows.padding, columns.padding, [0, 0]],
      dataFormat,
    },
  );
  const result = run(tf.Transpose, { x: dilated }, { perm: [1, 2, 0, 3] });
  for (const { dataId } of temporary.slice(0, -1)) {
    backend.disposeData(dataId);
  }
  return result;
}

/** How much of one axis of x takes part, and the padding before and after it. */
function span(extent: number, taps: number, stride: number, filter: number, before: number) {
  const needed = (taps - 1) * stride + filter - before;
  return { used: Math.min(extent, needed), padding: [before, Math.max(0, needed - extent)] };
}
