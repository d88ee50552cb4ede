import type { backend_util } from "@tensorflow/tfjs-core";
import type { Tf } from "./geometry.js";

type Three = [number, number, number];

export interface PoolAttributes {
  filterSize: number | number[];
  strides: number | number[];
  pad: "same" | "valid" | number | backend_util.ExplicitPadding;
  dimRoundingMode?: "floor" | "round" | "ceil";
}

/** The extents of a pooling: depth, height and width. Depth is 1 for a pooling over two axes. */
export interface Pool {
  batch: number;
  channels: number;
  inExtents: Three;
  outExtents: Three;
  size: Three;
  strides: Three;
  before: Three;
}

/**
 * If `outShape` is given, it has the extents of y. Gradients pass the shape of dy, because those of `tf.maxPool` and
 * `tf.avgPool` leave `dimRoundingMode` out.
 */
export function poolOf(tf: Tf, xShape: number[], attrs: PoolAttributes, dyShape?: number[]): Pool {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const { computePool2DInfo, computePool3DInfo } = tf.backend_util;
  const shape = dyShape ?? [];
  if (xShape.length === 5) {
    const info = computePool3DInfo(
      xShape as never,
      filterSize as never,
      strides as never,
      1,
      pad as "same",
      dimRoundingMode,
    );
    return {
      batch: info.batchSize,
      channels: info.inChannels,
      inExtents: [info.inDepth, info.inHeight, info.inWidth],
      outExtents: [shape[1] ?? info.outDepth, shape[2] ?? info.outHeight, shape[3] ?? info.outWidth],
      size: [info.filterDepth, info.filterHeight, info.filterWidth],
      strides: [info.strideDepth, info.strideHeight, info.strideWidth],
      before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
    };
  }
  const info = computePool2DInfo(xShape as never, filterSize as never, strides as never, 1, pad, dimRoundingMode);
  return {
    batch: info.batchSize,
    channels: info.inChannels,
    inExtents: [1, info.inHeight, info.inWidth],
    outExtents: [1, shape[1] ?? info.outHeight, shape[2] ?? info.outWidth],
    size: [1, info.filterHeight, info.filterWidth],
    strides: [1, info.strideHeight, info.strideWidth],
    before: [0, info.padInfo.top, info.padInfo.left],
  };
}

/** The part of a window that lies in x: rows of `columns` pixels. Indices count values. */
export interface Window {
  /** The index of its first pixel in y. */
  y: number;
  /** The index of the first value in x of each of its rows. `length` rows are in use. */
  rows: Int32Array;
  length: number;
  columns: number;
}

/** Calls `visit` with each window. All calls get the same object. */
export function eachWindow(pool: Pool, visit: (window: Window) => void): void {
  const { batch, channels, inExtents, outExtents, size } = pool;
  const window: Window = { y: 0, rows: new Int32Array(size[0] * size[1]), length: 0, columns: 0 };
  const [depths, heights, widths] = [0, 1, 2].map((axis) => bounds(pool, axis));
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < outExtents[0]; p++) {
      for (let q = 0; q < outExtents[1]; q++) {
        for (let r = 0; r < outExtents[2]; r++, window.y += channels) {
          window.columns = widths[2 * r + 1] - widths[2 * r];
          window.length = 0;
          for (let d = depths[2 * p]; d < depths[2 * p + 1]; d++) {
            for (let h = heights[2 * q]; h < heights[2 * q + 1]; h++) {
              const row = ((n * inExtents[0] + d) * inExtents[1] + h) * inExtents[2];
              window.rows[window.length++] = (row + widths[2 * r]) * channels;
            }
          }
          visit(window);
        }
      }
    }
  }
}

/** Returns the first position in x of each window along an axis, and the position after its last. */
function bounds({ inExtents, outExtents, size, strides, before }: Pool, axis: number): Int32Array {
  const result = new Int32Array(2 * outExtents[axis]);
  for (let p = 0; p < outExtents[axis]; p++) {
    const at = p * strides[axis] - before[axis];
    const from = Math.min(Math.max(0, at), inExtents[axis]);
    result[2 * p] = from;
    result[2 * p + 1] = Math.max(from, Math.min(inExtents[axis], at + size[axis]));
  }
  return result;
}
