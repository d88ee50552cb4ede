import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { expectWithin } from "./conv-support.js";
import { kernelsBetweenCanaries } from "./guarded-heap.js";
import { abs, data, expectPooled, paddings, padOf, possible, shapeOf, sizeOf, taps } from "./sweep.js";
import {
  avgPool,
  type Channels,
  convolutionGradients,
  convolve,
  maxPool,
  type Pad,
  positions,
  type Rounding,
  twoAxes,
  type Windows,
} from "./window-reference.js";

kernelsBetweenCanaries();

type Two = readonly [number, number];

/** Height and width of x, of the filter, strides. Rows of one value are operations over one axis. */
const planes: [Two, Two, Two][] = [
  [
    [7, 9],
    [3, 2],
    [1, 1],
  ],
  [
    [7, 9],
    [3, 2],
    [2, 2],
  ],
  [
    [8, 7],
    [1, 1],
    [1, 1],
  ],
  [
    [8, 7],
    [1, 1],
    [2, 3],
  ],
  [
    [9, 8],
    [2, 3],
    [1, 2],
  ],
  [
    [9, 8],
    [2, 3],
    [3, 1],
  ],
  [
    [11, 10],
    [2, 2],
    [5, 4],
  ],
  [
    [6, 5],
    [5, 1],
    [2, 1],
  ],
  [
    [5, 6],
    [4, 4],
    [3, 3],
  ],
  [
    [1, 12],
    [1, 3],
    [1, 2],
  ],
  [
    [1, 12],
    [1, 3],
    [1, 5],
  ],
];

function windowsOf([extents, sizes, strides]: [Two, Two, Two], pad: Pad, rounding: Rounding, dilation = 1): Windows {
  return { batch: 2, axes: twoAxes(extents, sizes, strides, pad, rounding, dilation) };
}

describe.each(planes)("over height and width, x %j, filter %j, strides %j", (...plane) => {
  const [, , strides] = plane;
  const cases = (dilation = 1) =>
    paddings
      .map(([pad, rounding]) => ({ pad, rounding, w: windowsOf(plane, pad, rounding, dilation) }))
      .filter(({ w }) => possible(w));

  it.each([false, true])("convolutions agree with float64, depthwise %s", (depthwise) => {
    const dilations = strides[0] * strides[1] === 1 ? [1, 2] : [1];
    for (const { pad, rounding, w, dilation } of dilations.flatMap((d) =>
      cases(d).map((c) => ({ ...c, dilation: d })),
    )) {
      const c: Channels = depthwise ? { x: 3, y: 6, depthwise } : { x: 3, y: 5 };
      const xShape = shapeOf(w, "extent", c.x, 4) as [number, number, number, number];
      const filterShape = [w.axes[1].size, w.axes[2].size, c.x, depthwise ? 2 : 5] as [number, number, number, number];
      const [x, filter] = [data.mixed(sizeOf(xShape)), data.mixed(sizeOf(filterShape))];
      const what = `pad ${JSON.stringify(pad)}, ${rounding}, dilation ${dilation}`;
      const expected = convolve(w, c, x, filter);
      const absolute = convolve(w, c, abs(x), abs(filter));
      // All products of one value, one after the other.
      const roundings = taps(w) * (depthwise ? 1 : c.x) + 1;
      tf.tidy(() => {
        const [tx, tFilter] = [tf.tensor4d(x, xShape), tf.tensor4d(filter, filterShape)];
        const run = depthwise ? tf.depthwiseConv2d : tf.conv2d;
        const y = run(tx, tFilter, [...strides], padOf(pad), "NHWC", dilation, rounding);
        expect(y.shape, what).toEqual(shapeOf(w, "count", c.y, 4));
        expectWithin(y.dataSync(), expected, absolute, roundings, `y: ${what}`);
        const fused = depthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
        const clipped = fused({
          x: tx,
          filter: tFilter,
          strides: [...strides],
          pad: padOf(pad),
          dilations: dilation,
          dimRoundingMode: rounding,
          bias: tf.zeros([c.y]),
          activation: "relu",
        });
        const positive = expected.map((value) => Math.max(0, value));
        expectWithin(clipped.dataSync(), positive, absolute, roundings, `fused: ${what}`);
        if (dilation > 1) return;
        const dy = data.mixed(expected.length);
        const f = (a: tf.Tensor, b: tf.Tensor) =>
          run(a as tf.Tensor4D, b as tf.Tensor4D, [...strides], padOf(pad), "NHWC", 1, rounding);
        const [dx, dFilter] = tf.grads(f)([tx, tFilter], tf.tensor(dy, y.shape));
        const want = convolutionGradients(w, c, x, filter, dy);
        const bound = convolutionGradients(w, c, abs(x), abs(filter), abs(dy));
        // As in tfjs-conv-sweep.test.ts.
        const perTap = depthwise ? 2 : c.y + 1;
        expectWithin(dx.dataSync(), want.dx, bound.dx, taps(w) * perTap + 1, `dx: ${what}`);
        expectWithin(dFilter.dataSync(), want.dFilter, bound.dFilter, positions(w) + 1, `dFilter: ${what}`);
      });
    }
  });

  it.each(["mixed", "negative", "equal"] as const)(
    "poolings and their gradients agree with float64, %s data",
    (kind) => {
      for (const { pad, rounding, w } of cases()) {
        const channels = 3;
        const xShape = shapeOf(w, "extent", channels, 4) as [number, number, number, number];
        const [x, dy] = [data[kind](sizeOf(xShape)), data.mixed(positions(w) * channels)];
        const sizes = [w.axes[1].size, w.axes[2].size] as [number, number];
        const what = `pad ${JSON.stringify(pad)}, ${rounding}`;
        tf.tidy(() => {
          const tx = tf.tensor4d(x, xShape);
          for (const [name, run, reference] of [
            ["maxPool", tf.maxPool, maxPool],
            ["avgPool", tf.avgPool, avgPool],
          ] as const) {
            const f = (a: tf.Tensor) => run(a as tf.Tensor4D, sizes, [...strides], padOf(pad), rounding);
            const y = f(tx);
            expect(y.shape, what).toEqual(shapeOf(w, "count", channels, 4));
            const want = reference(w, channels, x, dy);
            expectPooled(
              y.dataSync<"float32">(),
              want.y,
              reference(w, channels, abs(x), dy).y,
              taps(w),
              `${name}: ${what}`,
            );
            const dx = tf.grad(f)(tx, tf.tensor(dy, y.shape)).dataSync();
            // A value is in as many windows as a window has values, at most; each adds one rounding, dy/count two.
            const bound = reference(w, channels, x, abs(dy)).dx;
            expectWithin(dx, want.dx, bound, taps(w) + 3, `gradient of ${name}: ${what}`);
          }
        });
      }
    },
  );
});

describe("the average of a window on cpu", () => {
  it.each(planes)("has the right gradient, x %j, filter %j, strides %j", async (...plane) => {
    await tf.setBackend("cpu");
    for (const [pad, rounding] of paddings) {
      const w = windowsOf(plane, pad, rounding);
      if (!possible(w)) continue;
      const xShape = shapeOf(w, "extent", 2, 4) as [number, number, number, number];
      const [x, dy] = [data.mixed(sizeOf(xShape)), data.mixed(positions(w) * 2)];
      const f = (a: tf.Tensor) => tf.avgPool(a as tf.Tensor4D, [...plane[1]], [...plane[2]], padOf(pad), rounding);
      const dx = tf.tidy(() =>
        tf
          .grad(f)(tf.tensor4d(x, xShape), tf.tensor(dy, f(tf.zeros(xShape)).shape))
          .dataSync(),
      );
      const bound = avgPool(w, 2, x, abs(dy)).dx;
      expectWithin(dx, avgPool(w, 2, x, dy).dx, bound, taps(w) + 3, `pad ${JSON.stringify(pad)}, ${rounding}`);
    }
    await tf.setBackend("wasm");
  });
});
