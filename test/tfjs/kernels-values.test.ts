import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { kernelsBetweenCanaries } from "./guarded-heap.js";

kernelsBetweenCanaries();

type Row = [name: string, expected: number[], run: () => tf.Tensor];

const t = (values: number[], shape: number[], dtype: "float32" | "int32" = "float32") =>
  tf.tensor(values, shape, dtype);
const x4 = (values: number[], shape: number[]) => t(values, shape) as tf.Tensor4D;
const x5 = (values: number[], shape: number[]) => t(values, shape) as tf.Tensor5D;
const gradient = (f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, dy: tf.Tensor) => tf.grad(f)(x, dy);
const pool4 = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid");
const pool5 = (x: tf.Tensor) => tf.maxPool3d(x as tf.Tensor5D, [1, 2, 2], [1, 2, 2], "valid");
const none: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
];
const two = () => x5([2], [1, 1, 1, 1, 1]);

/** Each small enough to be reckoned by hand. */
const rows: Row[] = [
  [
    "the gradient of maxPool where a window has no positive value",
    [0, 0, 0, 0, 0, 1, 0, 10],
    () => gradient(pool4, x4([-4, -3, -8, -7, -2, -1, -6, -5], [1, 2, 4, 1]), x4([1, 10], [1, 1, 2, 1])),
  ],
  [
    "the gradient of maxPool to the first of equal values",
    [1, 0, 0, 0],
    () => gradient(pool4, x4([2, 2, 2, 2], [1, 2, 2, 1]), x4([1], [1, 1, 1, 1])),
  ],
  ["maxPool3d where a window has no positive value", [-1], () => pool5(x5([-4, -3, -2, -1], [1, 1, 2, 2, 1]))],
  [
    "the gradient of maxPool3d where a window has no positive value",
    [0, 0, 0, 1],
    () => gradient(pool5, x5([-4, -3, -2, -1], [1, 1, 2, 2, 1]), x5([1], [1, 1, 1, 1, 1])),
  ],
  [
    "the gradient of conv3d's input in depth",
    [2, 2],
    () =>
      gradient(
        (x) => tf.conv3d(x as tf.Tensor5D, two(), 1, "valid"),
        x5([1, 1], [1, 2, 1, 1, 1]),
        x5([1, 1], [1, 2, 1, 1, 1]),
      ),
  ],
  [
    "the gradient of conv3d's input, stride 2",
    [1, 2, 10, 20],
    () =>
      gradient(
        (x) => tf.conv3d(x as tf.Tensor5D, x5([1, 2], [1, 1, 2, 1, 1]), [1, 1, 2], "valid"),
        x5([1, 2, 3, 4], [1, 1, 1, 4, 1]),
        x5([1, 10], [1, 1, 1, 2, 1]),
      ),
  ],
  [
    "conv3dTranspose",
    [2, 2],
    () => tf.conv3dTranspose(x5([1, 1], [1, 2, 1, 1, 1]), two(), [1, 2, 1, 1, 1], 1, "valid"),
  ],
  [
    "the gradient of conv3d's filter, stride 2",
    [4, 6],
    () =>
      gradient(
        (w) => tf.conv3d(x5([1, 2, 3, 4], [1, 1, 1, 4, 1]), w as tf.Tensor5D, [1, 1, 2], "valid"),
        x5([1, 1], [1, 1, 2, 1, 1]),
        x5([1, 1], [1, 1, 1, 2, 1]),
      ),
  ],
  [
    "unsortedSegmentSum, ids of no segment left out",
    [4, 2, 0],
    () => tf.unsortedSegmentSum(t([1, 2, 3, 5, 7], [5]), t([0, 1, 0, -1, 3], [5], "int32") as tf.Tensor1D, 3),
  ],
  [
    "the gradient of gather, as of an embedding",
    [10, 20, 0, 0, 4, 6],
    () =>
      gradient(
        (x) => tf.gather(x, t([2, 0, 2], [3], "int32")),
        t([1, 2, 3, 4, 5, 6], [3, 2]),
        t([1, 2, 10, 20, 3, 4], [3, 2]),
      ),
  ],
  [
    "oneHot of float32, with values of its own",
    [0.1, 0.1, 0.8, 0.8, 0.1, 0.1, 0.1, 0.1, 0.1].map(Math.fround),
    () => tf.oneHot(t([2, 0, 3], [3], "int32"), 3, 0.8, 0.1, "float32"),
  ],
  ["oneHot of bool", [0, 1, 1, 0], () => tf.oneHot(t([1, 0], [2], "int32"), 2, 1, 0, "bool")],
  [
    "the gradient of avgPool where a window reaches beyond x",
    [0.5, 1.5],
    () =>
      gradient(
        (x) => tf.avgPool(x as tf.Tensor4D, [1, 2], 1, "same"),
        x4([1, 2], [1, 1, 2, 1]),
        x4([1, 1], [1, 1, 2, 1]),
      ),
  ],
  [
    "conv2d, same, where stride 3 leaves a part of x unused",
    [1, 4],
    () => tf.conv2d(x4([1, 2, 3, 4, 5], [1, 1, 5, 1]), x4([1], [1, 1, 1, 1]), 3, "same"),
  ],
  [
    "depthwiseConv2d, same, where stride 3 leaves a part of x unused",
    [1, 4],
    () => tf.depthwiseConv2d(x4([1, 2, 3, 4, 5], [1, 1, 5, 1]), x4([1], [1, 1, 1, 1]), 3, "same"),
  ],
  [
    "conv2d, rounded up: 2.5 windows are 3",
    [3, 7, 5],
    () => tf.conv2d(x4([1, 2, 3, 4, 5], [1, 1, 5, 1]), x4([1, 1], [1, 2, 1, 1]), [1, 2], none, "NHWC", 1, "ceil"),
  ],
  [
    "maxPool, rounded up: 2.5 windows are 3",
    [-2, -4, -5],
    () => tf.maxPool(x4([-3, -2, -6, -4, -5], [1, 1, 5, 1]), [1, 2], [1, 2], none, "ceil"),
  ],
  [
    "avgPool, rounded up: 2.5 windows are 3",
    [1.5, 3.5, 5],
    () => tf.avgPool(x4([1, 2, 3, 4, 5], [1, 1, 5, 1]), [1, 2], [1, 2], none, "ceil"),
  ],
  [
    // TensorFlow.js makes room for (5 - 3 + 2) / 2 + 1 = 3 columns of these windows of one value at stride 1: of 7.
    "conv2d, a numeric padding with unequal sides and strides",
    [0, 1, 2, 0, 1, 2],
    () =>
      tf.conv2d(
        x4([1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5], [1, 3, 5, 1]),
        x4([0, 1, 0], [3, 1, 1, 1]),
        [2, 1],
        1,
      ),
  ],
  [
    "maxPool, a numeric padding with unequal sides and strides",
    [Number.NEGATIVE_INFINITY, 1, 2, Number.NEGATIVE_INFINITY, 1, 2],
    () => tf.maxPool(x4([1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5], [1, 3, 5, 1]), [3, 1], [2, 1], 1),
  ],
  [
    "conv2d of channels-first data",
    [12, 34],
    () => tf.conv2d(x4([1, 3, 2, 4], [1, 2, 1, 2]), x4([10, 1], [1, 1, 2, 1]), 1, "valid", "NCHW"),
  ],
];

describe("on wasm", () => {
  it.each(rows)("is right: %s", (_, expected, run) => {
    expect([...run().dataSync()]).toEqual(expected);
  });

  it("multiplies data that was multiplied in another shape before", () => {
    const w = t([1, 2, 3, 4, 5, 6], [2, 3]) as tf.Tensor2D;
    const times = (left: number[], shape: [number, number]) => {
      const a = t(left, [1, left.length]) as tf.Tensor2D;
      const products = [tf.matMul(a, tf.reshape(w, shape)), tf.fused.matMul({ a, b: tf.reshape(w, shape) })];
      return products.map((y) => [...y.dataSync()]);
    };
    for (let i = 0; i < 2; i++) {
      expect(times([1, 1], [2, 3])).toEqual([
        [5, 7, 9],
        [5, 7, 9],
      ]);
      expect(times([1, 1, 1], [3, 2])).toEqual([
        [9, 12],
        [9, 12],
      ]);
      expect(times([1], [1, 6])).toEqual([
        [1, 2, 3, 4, 5, 6],
        [1, 2, 3, 4, 5, 6],
      ]);
    }
  });
});
