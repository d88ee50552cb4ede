import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import {
  type ConvolutionAttributes,
  fittedPadding,
  type Geometry,
  geometryOf,
  type Shape4,
  type Tf,
} from "./geometry.js";
import { addTerms } from "./patches.js";
import { type Call, inScope, reshaped, type Scope } from "./scope.js";

interface Inputs {
  dy: TensorInfo;
  filter: TensorInfo;
}
type Attributes = ConvolutionAttributes & { inputShape: Shape4 };

/** The number of terms that one product of dy and the filter makes, 4 MiB. More would not fit into the cache. */
const termValues = 2 ** 20;

/**
 * The kernel Conv2DBackpropInput for the wasm backend:
 * dx[n, h, w, c] = sum over i, j, k of dy[n, p, q, k] · filter[i, j, c, k], where p·strideHeight + i - top = h and
 * q·strideWidth + j - left = w.
 *
 * The kernel of TensorFlow.js, `original`, is a loop of about 1 ns per product. It stays for dataFormat NCHW and where
 * `leave` holds.
 */
export function conv2DBackpropInput(
  tf: Tf,
  original: KernelFunc,
  leave: (g: Geometry) => boolean = isSlow,
): (call: Call<Inputs, Attributes>) => TensorInfo {
  return (call) => {
    const { dy, filter } = call.inputs;
    const { inputShape, dataFormat = "NHWC" } = call.attrs;
    const g = geometryOf(tf, inputShape, filter.shape as Shape4, dy.shape as Shape4, call.attrs);
    if (dataFormat !== "NHWC" || leave(g)) {
      // The original computes the extents of y from the attributes. They differ from dy's, because the gradient of
      // `tf.conv2d` leaves dimRoundingMode out.
      const attrs = { ...call.attrs, pad: fittedPadding(g, dataFormat), dimRoundingMode: undefined };
      return original({ ...call, attrs } as unknown as Parameters<KernelFunc>[0]) as TensorInfo;
    }
    return inScope(tf, call.backend, [dy, filter], (scope) =>
      canConvolve(g) ? convolve(scope, dy, filter, g) : multiplyAndAdd(scope, dy, filter, g),
    );
  };
}

/**
 * Tells whether the compositions are less than about twice as fast. They pack the filter at each call, which takes 40
 * to 130 ns per weight. With 256 -> 256 channels and 3x3 this is 1.3 times the time of `original` at 64 pixels, and a
 * third of it at 256 pixels. XNNPACK computes 8 channels of dx at once, so for fewer than 4 it is not faster (64x4x4x1
 * -> 128). Adding a term costs as much as 4 products. At stride 2 and 3x3 the gain is 1.8 for 8 channels of dy and 2.1
 * for 16.
 */
function isSlow(g: Geometry): boolean {
  const pixels = g.batch * g.outHeight * g.outWidth;
  const products = pixels * g.filterHeight * g.filterWidth * g.inChannels * g.outChannels;
  return pixels < 256 || products < 2 ** 20 || (canConvolve(g) ? g.inChannels < 4 : g.outChannels < 16);
}

/** Tells whether dx is a convolution of dy: at stride 1, if the padding that it needs is not negative. */
function canConvolve(g: Geometry): boolean {
  const moves = g.strideHeight !== 1 || g.strideWidth !== 1;
  return !moves && paddingOf(g).every((padding) => padding >= 0);
}

/** The numbers of rows and columns of zeros around dy at stride 1: top, bottom, left, right. */
function paddingOf(g: Geometry): [number, number, number, number] {
  const bottom = g.inHeight + g.top - g.outHeight;
  const right = g.inWidth + g.left - g.outWidth;
  return [g.filterHeight - 1 - g.top, bottom, g.filterWidth - 1 - g.left, right];
}

/** dx = dy padded, convolved with the filter turned by 180 degrees and its channels exchanged. */
function convolve(scope: Scope, dy: TensorInfo, filter: TensorInfo, g: Geometry): TensorInfo {
  const [top, bottom, left, right] = paddingOf(g);
  const turned = scope.run("Reverse", { x: filter }, { dims: [0, 1] });
  const exchanged = scope.run("Transpose", { x: turned }, { perm: [0, 1, 3, 2] });
  return scope.run(
    "Conv2D",
    { x: dy, filter: exchanged },
    {
      strides: [1, 1],
      dilations: [1, 1],
      pad: [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ],
      dataFormat: "NHWC",
    },
  );
}

/**
 * Computes all terms of dx as a product of matrices, dy times the transposed filter, and adds each to its value of dx.
 * This is for strides above 1. A convolution of dy with zeros between its values would compute strideHeight·strideWidth
 * times as many products. It takes twice as long at 32x32x32x16 -> 32, 3x3, stride 2 (15 against 7.6 ms).
 */
function multiplyAndAdd(scope: Scope, dy: TensorInfo, filter: TensorInfo, g: Geometry): TensorInfo {
  const columns = g.filterHeight * g.filterWidth * g.inChannels;
  const transposed = scope.run("Transpose", { x: reshaped(filter, [columns, g.outChannels]) }, { perm: [1, 0] });
  const b = reshaped(transposed, [1, g.outChannels, columns]);
  const dx = scope.make([g.batch, g.inHeight, g.inWidth, g.inChannels]);
  scope.view(dx).fill(0);
  const rows = g.batch * g.outHeight;
  const step = Math.max(1, Math.floor(termValues / (g.outWidth * columns)));
  for (let from = 0; from < rows; from += step) {
    const before = Math.min(rows, from + step);
    const size = g.outWidth * g.outChannels;
    const a = scope.make([1, (before - from) * g.outWidth, g.outChannels]);
    scope.view(a).set(scope.view(dy).subarray(from * size, before * size));
    const terms = scope.run("BatchMatMul", { a, b }, { transposeA: false, transposeB: false });
    addTerms(scope.view(dx), scope.view(terms), g, from, before);
    scope.free(a, terms);
  }
  return dx;
}
