import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { startTfjs } from "../examples/lenet/backend.js";
import { seeded } from "../examples/lenet/random.js";

interface Case {
  /** Batch, height, width, channels of x. */
  x: [number, number, number, number];
  /** Height, width and output channels of the filter. */
  filter: [number, number, number];
  stride: number | [number, number];
  pad: "same" | "valid";
}

const strides = [1, 2] as const;
const pads = ["same", "valid"] as const;
const sizes: Pick<Case, "x" | "filter">[] = [
  { x: [3, 12, 11, 2], filter: [5, 5, 4] },
  { x: [2, 7, 9, 3], filter: [3, 5, 1] },
  { x: [1, 8, 5, 1], filter: [2, 3, 5] },
  { x: [4, 6, 7, 5], filter: [1, 1, 3] },
  { x: [2, 5, 5, 3], filter: [5, 5, 7] },
  { x: [5, 10, 13, 4], filter: [4, 2, 6] },
];
const cases: Case[] = [
  ...sizes.flatMap((size) => strides.flatMap((stride) => pads.map((pad) => ({ ...size, stride, pad })))),
  { x: [2, 9, 10, 3], filter: [3, 4, 2], stride: [1, 2], pad: "same" },
  { x: [2, 9, 10, 3], filter: [3, 4, 2], stride: [2, 1], pad: "valid" },
  { x: [8, 28, 28, 1], filter: [5, 5, 6], stride: 1, pad: "valid" },
];

function name({ x, filter: [height, width, outputs], stride, pad }: Case): string {
  return `x [${x}], filter ${height}x${width} to ${outputs}, stride ${stride}, ${pad}`;
}

/** Runs the kernel on `backend` and returns dW. */
async function filterGradient(backend: string, c: Case, x: Float32Array, dy: Float32Array): Promise<Float32Array> {
  await tf.setBackend(backend);
  const [height, width, outputs] = c.filter;
  const filterShape = [height, width, c.x[3], outputs] as [number, number, number, number];
  const { outShape } = tf.backend_util.computeConv2DInfo(c.x, filterShape, c.stride, 1, c.pad);
  return tf.tidy(() => {
    const inputs = { x: tf.tensor(x, c.x), dy: tf.tensor(dy, outShape) };
    const attrs = { strides: c.stride, pad: c.pad, dataFormat: "NHWC", filterShape };
    const dw = tf.engine().runKernel(tf.Conv2DBackpropFilter, inputs, attrs) as tf.Tensor;
    expect(dw.shape).toEqual(filterShape);
    return dw.dataSync<"float32">();
  });
}

beforeAll(startTfjs);

describe("Conv2DBackpropFilter on wasm", () => {
  it.each(cases.map((c) => [name(c), c] as const))("agrees with the cpu backend: %s", async (_, c) => {
    const [height, width, outputs] = c.filter;
    const { outShape } = tf.backend_util.computeConv2DInfo(c.x, [height, width, c.x[3], outputs], c.stride, 1, c.pad);
    const random = seeded(7);
    const x = random.uniform(tf.util.sizeFromShape(c.x), 1);
    const dy = random.uniform(tf.util.sizeFromShape(outShape), 1);
    const got = await filterGradient("wasm", c, x, dy);
    const expected = await filterGradient("cpu", c, x, dy);
    const absolute = await filterGradient("cpu", c, x.map(Math.abs), dy.map(Math.abs));
    // n products summed in float32 in any order, fused or not, are off by at most n·u·Σ|x·dy| (to first order; u is
    // half the spacing of 1). The cpu backend sums in float64 and rounds once: one u more.
    const terms = outShape[0] * outShape[1] * outShape[2];
    const unit = 2 ** -24;
    for (let i = 0; i < expected.length; i++) {
      const error = Math.abs(got[i] - expected[i]);
      expect(error, `index ${i}: expected ${expected[i]}, got ${got[i]}`).toBeLessThanOrEqual(
        (terms + 1) * unit * absolute[i],
      );
    }
  });

  it("frees its intermediate tensors", async () => {
    await tf.setBackend("wasm");
    const step = () =>
      tf.tidy(() => {
        const x = tf.ones<tf.Rank.R4>([2, 9, 8, 3]);
        return tf
          .grad((w) => tf.conv2d(x, w as tf.Tensor4D, 2, "valid"))(tf.ones([4, 3, 3, 5]))
          .dataSync()[0];
      });
    const value = step();
    const before = [tf.memory().numTensors, tf.memory().numDataBuffers, tf.engine().backend.numDataIds()];
    for (let i = 0; i < 20; i++) {
      expect(step()).toBe(value);
    }
    expect([tf.memory().numTensors, tf.memory().numDataBuffers, tf.engine().backend.numDataIds()]).toEqual(before);
  });

  it("leaves a kernel alone that is already there", async () => {
    const kernel = tf.getKernel(tf.Conv2DBackpropFilter, "wasm");
    await startTfjs();
    expect(tf.getKernel(tf.Conv2DBackpropFilter, "wasm")).toBe(kernel);
  });

  it("refuses channels-first data", async () => {
    await tf.setBackend("wasm");
    const inputs = { x: tf.ones([1, 3, 5, 5]), dy: tf.ones([1, 2, 3, 3]) };
    const attrs = { strides: 1, pad: "valid", dataFormat: "NCHW", filterShape: [3, 3, 3, 2] };
    expect(() => tf.engine().runKernel(tf.Conv2DBackpropFilter, inputs, attrs)).toThrow(
      "Conv2DBackpropFilter on wasm expected dataFormat NHWC, got NCHW",
    );
    tf.dispose(inputs);
  });
});
