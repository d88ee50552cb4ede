import type * as core from "@tensorflow/tfjs-core";

/**
 * The namespace of the engine in use, as `import * as tf from "@tensorflow/tfjs-core"` gives it; what is used of it
 * here.
 */
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
 * The extents of y are those of dy, not what `attrs` give: the gradient of `tf.conv2d` leaves `dimRoundingMode` out,
 * and with "ceil" y has a row more than would follow without it. The padding depends on neither.
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
  // One literal: of objects made by spreading, each has a hidden class of its own, and the loops are compiled at each
  // call.
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

/** The padding with which as many windows fit on x as y has, for kernels that compute this number. */
export function fittedPadding(g: Geometry, format: "NHWC" | "NCHW"): Explicit {
  const rows: [number, number] = [g.top, (g.outHeight - 1) * g.strideHeight + g.filterHeight - g.inHeight - g.top];
  const columns: [number, number] = [g.left, (g.outWidth - 1) * g.strideWidth + g.filterWidth - g.inWidth - g.left];
  return format === "NHWC" ? [[0, 0], rows, columns, [0, 0]] : [[0, 0], [0, 0], rows, columns];
}

/**
 * The positions q of `count` for which q·stride + offset lies in [0, extent): from the first to before the second. Both
 * `| 0`, since Math.ceil gives the engine a float64, and a loop whose indices follow from one takes twice the time.
 */
export function positionsInside(count: number, stride: number, offset: number, extent: number): [number, number] {
  const from = Math.min(count, Math.max(0, Math.ceil(-offset / stride))) | 0;
  return [from, Math.max(from, Math.min(count, Math.ceil((extent - offset) / stride))) | 0];
}
