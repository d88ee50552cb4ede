import type { TensorInfo } from "@tensorflow/tfjs-core";
import { filterGradient } from "./depthwise-taps.js";
import { type ConvolutionAttributes, type Geometry, geometryOf, type Shape4, type Tf } from "./geometry.js";
import { type Call, inScope, reshaped, type Scope } from "./scope.js";
import { spread } from "./spread.js";

type Attributes = ConvolutionAttributes & { dilations?: number | [number, number] };

/**
 * The kernel DepthwiseConv2dNativeBackpropFilter for the wasm backend:
 * dW[i, j, c, m] = sum over n, p, q of x[n, p·strideHeight + i - top, q·strideWidth + j - left, c] · dy[n, p, q, c·M + m]
 * with M output channels for each input channel. The rows of dy are summed in float32, their sums in float64.
 *
 * This package has its own loops for it, because XNNPACK has no convolution with a filter as large as dy. Nine products
 * of shifted copies of x with dy take 24 ms at 32x32x32x32, 3x3; the convolution itself takes 2 ms.
 */
export function depthwiseConv2dNativeBackpropFilter(tf: Tf) {
  return ({
    inputs: { x, dy },
    backend,
    attrs,
  }: Call<{ x: TensorInfo; dy: TensorInfo }, Attributes & { filterShape: Shape4 }>): TensorInfo => {
    refuseDilation(tf, "DepthwiseConv2dNativeBackpropFilter", attrs);
    const g = geometryOf(tf, x.shape as Shape4, attrs.filterShape, dy.shape as Shape4, attrs, true);
    return inScope(tf, backend, [x, dy], (scope) => {
      const dw = scope.make(attrs.filterShape);
      filterGradient(scope.view(dw), scope.view(x), scope.view(dy), g);
      return dw;
    });
  };
}

/**
 * The kernel DepthwiseConv2dNativeBackpropInput for the wasm backend:
 * dx[n, h, w, c] = sum over i, j, m of dy[n, p, q, c·M + m] · filter[i, j, c, m], where p·strideHeight + i - top = h and
 * q·strideWidth + j - left = w.
 *
 * This is a depthwise convolution of dy with the filter turned by 180 degrees. dy gets zeros around it and, for
 * strides, between its pixels. If M is above 1, each channel of dy is convolved separately, and the results are added.
 */
export function depthwiseConv2dNativeBackpropInput(tf: Tf) {
  return ({
    inputs: { dy, filter },
    backend,
    attrs,
  }: Call<{ dy: TensorInfo; filter: TensorInfo }, Attributes & { inputShape: Shape4 }>): TensorInfo => {
    refuseDilation(tf, "DepthwiseConv2dNativeBackpropInput", attrs);
    const g = geometryOf(tf, attrs.inputShape, filter.shape as Shape4, dy.shape as Shape4, attrs, true);
    return inScope(tf, backend, [dy, filter], (scope) => {
      const multiplier = g.outChannels / g.inChannels;
      const turned = scope.run("Reverse", { x: filter }, { dims: [0, 1] });
      const single = reshaped(turned, [g.filterHeight, g.filterWidth, g.outChannels, 1]);
      const x = spreadOutput(scope, dy, g);
      const dx = scope.run(
        "DepthwiseConv2dNative",
        { x, filter: single },
        { strides: [1, 1], dilations: [1, 1], pad: "valid" },
      );
      if (multiplier === 1) {
        return dx;
      }
      const perInput = reshaped(dx, [...attrs.inputShape, multiplier]);
      return scope.run("Sum", { x: perInput }, { axis: [4], keepDims: false });
    });
  };
}

function spreadOutput(scope: Scope, dy: TensorInfo, g: Geometry): TensorInfo {
  const [height, width] = [g.inHeight + g.filterHeight - 1, g.inWidth + g.filterWidth - 1];
  const result = scope.make([g.batch, height, width, g.outChannels]);
  const heap = new Float32Array(scope.view(result).buffer);
  spread(heap, scope.view(result).byteOffset / 4, scope.view(dy).byteOffset / 4, g);
  return result;
}

function refuseDilation(tf: Tf, kernelName: string, { dilations }: Attributes): void {
  if (dilations != null && !tf.backend_util.tupleValuesAreOne(dilations)) {
    throw new Error(`${kernelName} on wasm expected dilations of 1, got ${dilations}`);
  }
}
