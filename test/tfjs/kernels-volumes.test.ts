import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { blockTerms } from "../../src/tfjs/kernels/products.js";
import { expectWithin, registerCompositions } from "./conv-support.js";
import { kernelsBetweenCanaries } from "./guarded-heap.js";
import { abs, data, expectPooled, paddings, padOf, possible, shapeOf, sizeOf, taps } from "./sweep.js";
import {
  avgPool,
  type Channels,
  convolutionGradients,
  convolve,
  maxPool,
  positions,
  type Rounding,
  threeAxes,
  type Windows,
} from "./window-reference.js";

kernelsBetweenCanaries();

type Three = readonly [number, number, number];

/** Depth, height and width of x, of the filter, strides. */
const volumes: [Three, Three, Three][] = [
  [
    [4, 5, 6],
    [1, 1, 1],
    [1, 1, 1],
  ],
  [
    [4, 5, 6],
    [2, 3, 2],
    [1, 1, 1],
  ],
  [
    [4, 5, 6],
    [3, 2, 2],
    [2, 2, 2],
  ],
  [
    [5, 4, 7],
    [2, 2, 3],
    [1, 2, 3],
  ],
  [
    [5, 7, 6],
    [1, 2, 1],
    [2, 3, 4],
  ],
  [
    [3, 3, 3],
    [3, 3, 3],
    [3, 3, 3],
  ],
];

describe.each(volumes)("over depth, height and width, x %j, filter %j, strides %j", (extents, sizes, strides) => {
  const windows = (pad: "same" | "valid" | number, rounding: Rounding): Windows => ({
    batch: 2,
    axes: threeAxes(extents, sizes, strides, pad, rounding),
  });
  const stride3 = [...strides] as [number, number, number];

  // Small convolutions over height and width, of which the gradients are composed, are left to TensorFlow.js.
  it.each([false, true])(
    "convolutions and their gradients agree with float64, composed at any size: %s",
    (composed) => {
      const back = composed ? registerCompositions() : () => {};
      for (const pad of ["same", "valid"] as const) {
        const w = windows(pad, undefined);
        const c: Channels = { x: 3, y: 4 };
        const xShape = shapeOf(w, "extent", c.x, 5) as [number, number, number, number, number];
        const filterShape = [...sizes, c.x, c.y] as [number, number, number, number, number];
        const [x, filter] = [data.mixed(sizeOf(xShape)), data.mixed(sizeOf(filterShape))];
        const dy = data.mixed(positions(w) * c.y);
        tf.tidy(() => {
          const [tx, tFilter] = [tf.tensor5d(x, xShape), tf.tensor5d(filter, filterShape)];
          const f = (a: tf.Tensor, b: tf.Tensor) => tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, stride3, pad);
          const y = f(tx, tFilter);
          expect(y.shape, pad).toEqual(shapeOf(w, "count", c.y, 5));
          const absolute = convolve(w, c, abs(x), abs(filter));
          expectWithin(y.dataSync(), convolve(w, c, x, filter), absolute, taps(w) * c.x + 1, `y: ${pad}`);
          const dyTensor = tf.tensor5d(dy, y.shape as never);
          const [dx, dFilter] = tf.grads(f)([tx, tFilter], dyTensor);
          const want = convolutionGradients(w, c, x, filter, dy);
          const bound = convolutionGradients(w, c, abs(x), abs(filter), abs(dy));
          // dx: the channels and taps of each depth of the filter, the depths. dFilter: blocks in float32, added in float64.
          const inputRoundings = taps(w) * (c.y + 1) + sizes[0];
          expectWithin(dx.dataSync(), want.dx, bound.dx, inputRoundings, `dx: ${pad}`);
          const terms = Math.min(positions(w), blockTerms) + 1;
          expectWithin(dFilter.dataSync(), want.dFilter, bound.dFilter, terms, `dFilter: ${pad}`);
          const transposed = tf.conv3dTranspose(dyTensor, tFilter, xShape, stride3, pad);
          expectWithin(transposed.dataSync(), want.dx, bound.dx, inputRoundings, `transposed: ${pad}`);
        });
      }
      back();
    },
  );

  it.each(["mixed", "negative", "equal"] as const)(
    "poolings and their gradients agree with float64, %s data",
    (kind) => {
      for (const [pad, rounding] of paddings.filter(([pad]) => typeof pad !== "object")) {
        const w = windows(pad as "same", rounding);
        if (!possible(w)) continue;
        const channels = 3;
        const xShape = shapeOf(w, "extent", channels, 5) as [number, number, number, number, number];
        const [x, dy] = [data[kind](sizeOf(xShape)), data.mixed(positions(w) * channels)];
        tf.tidy(() => {
          const tx = tf.tensor5d(x, xShape);
          for (const [name, run, reference] of [
            ["maxPool3d", tf.maxPool3d, maxPool],
            ["avgPool3d", tf.avgPool3d, avgPool],
          ] as const) {
            const what = `${name}: pad ${pad}, ${rounding}`;
            const f = (a: tf.Tensor) =>
              run(a as tf.Tensor5D, [...sizes] as never, stride3, padOf(pad) as never, rounding);
            const y = f(tx);
            expect(y.shape, what).toEqual(shapeOf(w, "count", channels, 5));
            const want = reference(w, channels, x, dy);
            // TensorFlow.js takes 0 for the mean of a window that lies outside of x.
            const wantY = want.y.map((value) => (Number.isNaN(value) ? 0 : value));
            const bound = reference(w, channels, abs(x), dy).y.map((value) => (Number.isNaN(value) ? 0 : value));
            expectPooled(y.dataSync<"float32">(), wantY, bound, taps(w), what);
            const dx = tf.grad(f)(tx, tf.tensor(dy, y.shape)).dataSync();
            expectWithin(dx, want.dx, reference(w, channels, x, abs(dy)).dx, taps(w) + 3, `gradient of ${what}`);
          }
        });
      }
    },
  );
});
