import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seeded } from "../../scripts/common/random.js";
import { expectWithin, registerCompositions, startWasm } from "./conv-support.js";

let undo: () => void;
beforeAll(async () => {
  await startWasm();
  undo = registerCompositions();
});
afterAll(() => undo());

const random = seeded(11);
const uniform = <R extends tf.Rank>(shape: tf.ShapeMap[R], bound = 1) =>
  tf.tensor<R>(random.uniform(tf.util.sizeFromShape(shape as number[]), bound), shape);

/** y = f(x, filter), bilinear. */
const operations: [string, (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor4D, number[], number[]][] = [
  ["conv2d, stride 1", (x, w) => tf.conv2d(x, w, 1, "same"), [4, 13, 11, 8], [3, 3, 8, 8]],
  ["conv2d, stride 2", (x, w) => tf.conv2d(x, w, 2, "valid"), [8, 13, 11, 8], [3, 3, 8, 16]],
  ["conv2d, 1x1", (x, w) => tf.conv2d(x, w, 1, "valid"), [4, 13, 11, 8], [1, 1, 8, 32]],
  ["conv2d, padding of 2", (x, w) => tf.conv2d(x, w, 1, 2), [4, 13, 11, 8], [3, 3, 8, 8]],
  ["conv2dTranspose", (x, w) => tf.conv2dTranspose(x, w, [4, 22, 22, 8], 2, "same"), [4, 11, 11, 8], [4, 4, 8, 8]],
  ["depthwiseConv2d, stride 1", (x, w) => tf.depthwiseConv2d(x, w, 1, "same"), [4, 13, 11, 6], [3, 3, 6, 1]],
  ["depthwiseConv2d, stride 2", (x, w) => tf.depthwiseConv2d(x, w, 2, "same"), [4, 13, 11, 6], [3, 3, 6, 2]],
];

describe("tf.grads on wasm", () => {
  // f is bilinear, so that its directional derivative along u, x alone in motion, is exactly <f(u, w), dy>: no step to
  // choose. Likewise for w.
  it.each(operations)("agree with the directional derivative of %s", (_, f, xShape, wShape) => {
    tf.tidy(() => {
      const [x, w] = [uniform<tf.Rank.R4>(xShape as never), uniform<tf.Rank.R4>(wShape as never)];
      const [u, v] = [uniform<tf.Rank.R4>(xShape as never), uniform<tf.Rank.R4>(wShape as never)];
      const y = f(x, w);
      const dy = uniform<tf.Rank.R4>(y.shape);
      const gradient = tf.grads((a, b) => f(a as tf.Tensor4D, b as tf.Tensor4D));
      const [dx, dw] = gradient([x, w], dy);
      // The longest chains of roundings: y and dx sum the taps times the channels of one side, and once more the taps
      // where products are added; dw sums the pixels of one side. The inner products are in float64.
      const taps = wShape[0] * wShape[1];
      const pixels = Math.max(x.size / xShape[3], y.size / y.shape[3]);
      const roundings = 2 * taps * (Math.max(wShape[2], wShape[3]) + 1) + pixels + 2;
      const absolute = (a: tf.Tensor4D, b: tf.Tensor4D) => inner(f(tf.abs(a), tf.abs(b)), tf.abs(dy));
      expectWithin([inner(dx, u)], [inner(f(u, w), dy)], [absolute(u, w)], roundings, "dx");
      expectWithin([inner(dw, v)], [inner(f(x, v), dy)], [absolute(x, v)], roundings, "dw");
    });
  });

  it("reach both filters of a separable convolution", () => {
    tf.tidy(() => {
      const x = uniform<tf.Rank.R4>([2, 9, 9, 4]);
      const [depthwise, pointwise] = [uniform<tf.Rank.R4>([3, 3, 4, 2]), uniform<tf.Rank.R4>([1, 1, 8, 5])];
      const f = (a: tf.Tensor, b: tf.Tensor) => tf.separableConv2d(x, a as tf.Tensor4D, b as tf.Tensor4D, 1, "same");
      const y = f(depthwise, pointwise);
      const dy = uniform<tf.Rank.R4>(y.shape);
      const [da, db] = tf.grads(f)([depthwise, pointwise], dy);
      expect([da.shape, db.shape]).toEqual([depthwise.shape, pointwise.shape]);
      // f is linear in each filter, hence <da, a> = <y, dy> = <db, b>. Chains: 9 taps and 8 channels forward; 5 channels
      // or 9 taps and then 2·9·9 pixels backward.
      const positive = tf.separableConv2d(tf.abs(x), tf.abs(depthwise), tf.abs(pointwise), 1, "same");
      const absolute = [inner(positive, tf.abs(dy))];
      expectWithin([inner(da, depthwise)], [inner(y, dy)], absolute, 9 + 8 + 9 + 162 + 2, "depthwise");
      expectWithin([inner(db, pointwise)], [inner(y, dy)], absolute, 9 + 8 + 9 + 162 + 2, "pointwise");
    });
  });
});

function inner(a: tf.Tensor, b: tf.Tensor): number {
  const [left, right] = [a.dataSync<"float32">(), b.dataSync<"float32">()];
  return left.reduce((sum, value, i) => sum + value * right[i], 0);
}

describe("training on wasm", () => {
  it("fits what another net of the same form computes", () => {
    const x = uniform<tf.Rank.R4>([8, 12, 12, 3]);
    const shapes = [
      [3, 3, 3, 8],
      [3, 3, 8, 1],
      [1, 1, 8, 8],
    ].map((shape) => shape as [number, number, number, number]);
    const net = ([a, b, c]: tf.Tensor4D[]) =>
      tf.conv2d(tf.depthwiseConv2d(tf.relu(tf.conv2d(x, a, 1, "same")), b, 2, "same"), c, 1, "valid");
    const target = tf.tidy(() => net(shapes.map((shape) => uniform<tf.Rank.R4>(shape, 0.5))));
    const filters = shapes.map((shape) => tf.variable(uniform<tf.Rank.R4>(shape, 0.5)) as unknown as tf.Tensor4D);
    const optimizer = tf.train.adam(0.02);
    const step = () => optimizer.minimize(() => tf.mean(tf.squaredDifference(net(filters), target)) as tf.Scalar, true);
    const losses = Array.from({ length: 200 }, () => {
      const loss = step() as tf.Scalar;
      const value = loss.dataSync()[0];
      loss.dispose();
      return value;
    });
    expect(losses[199]).toBeLessThan(losses[0] / 10);
    tf.dispose([x, target, ...filters]);
    optimizer.dispose();
  });

  it("keeps no memory over 2,000 steps", () => {
    const filters = [
      [3, 3, 4, 8],
      [3, 3, 8, 8],
      [3, 3, 8, 2],
      [1, 1, 16, 3],
    ].map((shape) => uniform<tf.Rank.R4>(shape as never));
    const x = uniform<tf.Rank.R4>([2, 16, 16, 4]);
    // Every composition: strided, dense, depthwise, pointwise.
    const gradient = tf.grads((v, a, b, c, d) => {
      const strided = tf.conv2d(v as tf.Tensor4D, a as tf.Tensor4D, 2, "same");
      const y = tf.conv2d(strided, b as tf.Tensor4D, 1, "same");
      return tf.conv2d(tf.depthwiseConv2d(y, c as tf.Tensor4D, 2, "same"), d as tf.Tensor4D, 1, "valid");
    });
    const step = () => tf.tidy(() => tf.dispose(gradient([x, ...filters])));
    const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
    const state = () => ({
      tensors: tf.memory().numTensors,
      buffers: tf.memory().numDataBuffers,
      ids: tf.backend().numDataIds(),
      bytes: wasm.HEAPU8.length,
    });
    for (let i = 0; i < 50; i++) {
      step();
    }
    // One packed filter more of XNNPACK's each step, 2,304 bytes for the second alone, would be 4.6 MB: more than the heap,
    // which grows by a fifth, has free.
    const before = state();
    for (let i = 0; i < 2000; i++) {
      step();
    }
    expect(state()).toEqual(before);
    tf.dispose([x, ...filters]);
  });
});
