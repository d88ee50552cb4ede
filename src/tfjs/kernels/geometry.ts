import type * as core from "@tensorflow/tfjs-core";

/** The used part of the namespace that `import * as tf from "@tensorflow/tfjs-core"` gives. */
export type Tf = Pick<typeof core, "getKernel" | "registerKernel" | "unregisterKernel" | "backend_util">;

export type Shape4 = [number, number, number, number];

export type Explicit = core.backend_util.ExplicitPadding;

/** The attributes of a convolution's gradient kernel in TensorFlow.js. */
export interface ConvolutionAttributes {
  strides: number | [number, number];
  pad: "same" | "valid" | number | Explicit;
  dataFormat?: "NHWC" | "NCHW";
  dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Extents of x, y and the filter; the padding before the first row and column. */
export interface Geometry {
  batch: number;
  inHeight: number;
  inWidth: number;
  inChannels: number;
  outHeight: number;
  outWidth: number;
  outChannels: number;
  filterHeight: number;
  filterWidth: number;
  strideHeight: number;
  strideWidth: number;
  top: number;
  left: number;
}

/**
 * The extents of y come from dy and not from `attrs`. The gradient of `tf.conv2d` leaves `dimRoundingMode` out, and
 * with "ceil" y has one more row than `attrs` say. The padding does not depend on it.
 */
export function geometryOf(
  tf: Tf,
  xShape: Shape4,
  filterShape: Shape4,
  dyShape: Shape4,
  attrs: ConvolutionAttributes,
  depthwise = false,
): Geometry {
  const { strides, pad, dimRoundingMode, dataFormat = "NHWC" } = attrs;
  const format = tf.backend_util.convertConv2DDataFormat(dataFormat);
  const { computeConv2DInfo } = tf.backend_util;
  const info = computeConv2DInfo(xShape, filterShape, strides, 1, pad, dimRoundingMode, depthwise, format);
  const [outHeight, outWidth] = format === "channelsLast" ? dyShape.slice(1, 3) : dyShape.slice(2);
  // This is one literal, because each object made by spreading has its own hidden class, and V8 would then compile the
  // loops at each call.
  return {
    batch: info.batchSize,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    inChannels: info.inChannels,
    outHeight,
    outWidth,
    outChannels: info.outChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
  };
}

/** Returns the padding with which the number of windows is that of y, for kernels that compute this number. */
export function fittedPadding(g: Geometry, format: "NHWC" | "NCHW"): Explicit {
  const rows: [number, number] = [g.top, (g.outHeight - 1) * g.strideHeight + g.filterHeight - g.inHeight - g.top];
  const columns: [number, number] = [g.left, (g.outWidth - 1) * g.strideWidth + g.filterWidth - g.inWidth - g.left];
  return format === "NHWC" ? [[0, 0], rows, columns, [0, 0]] : [[0, 0], [0, 0], rows, columns];
}

/**
 * Returns the range of positions q below `count` for which q·stride + offset lies in [0, extent): from the first number
 * to before the second. Both have `| 0`, because Math.ceil returns a float64, and loops with float64 indices take twice
 * as long.
 */
export function positionsInside(count: number, stride: number, offset: number, extent: number): [number, number] {
  const from = Math.min(count, Math.max(0, Math.ceil(-offset / stride))) | 0;
  return [from, Math.max(from, Math.min(count, Math.ceil((extent - offset) / stride))) | 0];
}
