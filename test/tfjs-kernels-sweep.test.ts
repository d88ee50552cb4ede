import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { seeded } from "../examples/common/random.js";
import { blockTerms } from "../src/tfjs/kernels/products.js";
import { installKernels } from "../src/tfjs/kernels/register.js";
import { expectWithin, registerCompositions, startWasm } from "./tfjs-conv-support.js";
import { guardHeap } from "./tfjs-guarded-heap.js";
import {
  avgPool,
  type Channels,
  convolutionGradients,
  convolve,
  maxPool,
  type Pad,
  positions,
  type Rounding,
  threeAxes,
  twoAxes,
  type Windows,
} from "./tfjs-window-reference.js";

let undo: () => void;
let checkHeap: () => void;
beforeAll(async () => {
  await startWasm();
  undo = installKernels(tf);
});
afterAll(() => undo());
beforeEach(() => {
  checkHeap = guardHeap();
});
afterEach(() => checkHeap());

type Two = readonly [number, number];
type Three = readonly [number, number, number];

const random = seeded(5);
/** Between -1 and 1, all of them negative or, with many equal values, of -2, -1, 0. */
const data = {
  mixed: (size: number) => random.uniform(size, 1),
  negative: (size: number) => random.uniform(size, 0.5).map((value) => value - 0.5),
  equal: (size: number) => random.uniform(size, 1.5).map((value) => Math.round(value - 1)),
};
const sizeOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);
const abs = (values: Float32Array) => values.map(Math.abs);
const taps = ({ axes }: Windows) => axes.reduce((product, { size }) => product * size, 1);

const explicit: [number, number][] = [
  [0, 0],
  [2, 0],
  [1, 3],
  [0, 0],
];
const roundings: Rounding[] = [undefined, "floor", "round", "ceil"];
const paddings: [Pad, Rounding][] = [
  ["same", undefined],
  ["valid", undefined],
  ...([0, 1, 2, explicit] as Pad[]).flatMap((pad) => roundings.map((rounding): [Pad, Rounding] => [pad, rounding])),
];

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

/** What TensorFlow.js makes room for is not empty. */
const possible = ({ axes }: Windows) => axes.every(({ count }) => count > 0);

function windowsOf([extents, sizes, strides]: [Two, Two, Two], pad: Pad, rounding: Rounding, dilation = 1): Windows {
  return { batch: 2, axes: twoAxes(extents, sizes, strides, pad, rounding, dilation) };
}

const shapeOf = ({ batch, axes }: Windows, end: "extent" | "count", channels: number, rank: 4 | 5) => [
  batch,
  ...axes.slice(5 - rank).map((axis) => axis[end]),
  channels,
];

const padOf = (pad: Pad) => pad as number;

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

/** Means: the sum of `terms`, the reciprocal of their number, the product. Windows that lie outside of x by identity. */
function expectPooled(
  got: Float32Array,
  want: Float64Array,
  absolute: Float64Array,
  terms: number,
  what: string,
): void {
  const finite = [...want.keys()].filter((i) => Number.isFinite(want[i]));
  const some = (values: ArrayLike<number>) => finite.map((i) => values[i]);
  expectWithin(some(got), some(want), some(absolute).map(Math.abs), terms + 2, what);
  for (const [i, value] of want.entries()) if (!Number.isFinite(value)) expect(got[i], `${what}, ${i}`).toBe(value);
}

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
