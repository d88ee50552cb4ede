import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import type { Shape4, Tf } from "./geometry.js";
import { maximum, maximumGradient, meanGradient } from "./pool-loops.js";
import { type Pool, type PoolAttributes, poolOf } from "./pool-windows.js";
import { type Call, inScope } from "./scope.js";
import { axesOf, fits } from "./windows.js";

type Forward = Call<{ x: TensorInfo }, PoolAttributes>;

/**
 * The kernels MaxPool and AvgPool. `original` is right if XNNPACK computes the number of windows that TensorFlow.js
 * allocates, and each window has a part in x. For windows of one value, which it copies, it is right without padding.
 */
export function pool(tf: Tf, original: KernelFunc, loop: typeof maximum) {
  return (call: Forward): TensorInfo => {
    const { x } = call.inputs;
    const { filterSize, strides, pad, dimRoundingMode } = call.attrs;
    const { computePool2DInfo } = tf.backend_util;
    const shape = x.shape as Shape4;
    const info = computePool2DInfo(shape, filterSize as never, strides as never, 1, pad, dimRoundingMode);
    const axes = axesOf(info);
    const single = axes.every(({ size }) => size === 1);
    const right = axes.every((axis) => {
      const { extent, count, size, stride, before, after } = axis;
      const inside = before < size && (count - 1) * stride - before < extent;
      return fits(axis) && inside && !(single && before + after > 0);
    });
    if (right || x.dtype !== "float32") return original(call as unknown as Parameters<KernelFunc>[0]) as TensorInfo;
    return poolByLoop(tf, call, info.outShape, loop);
  };
}

/** The kernel MaxPool3D. The kernel of the backend begins each maximum with the smallest positive float32. */
export function maxPool3D(tf: Tf) {
  return (call: Forward): TensorInfo => {
    const { outExtents, batch, channels } = poolOf(tf, call.inputs.x.shape, call.attrs);
    return poolByLoop(tf, call, [batch, ...outExtents, channels], maximum);
  };
}

function poolByLoop(tf: Tf, { inputs, backend, attrs }: Forward, shape: number[], loop: typeof maximum): TensorInfo {
  const { x } = inputs;
  return inScope(tf, backend, [x], (scope) => {
    const y = scope.make(shape, x.dtype);
    loop(scope.view(y), scope.view(x), poolOf(tf, x.shape, attrs));
    return y;
  });
}

type Backward = Call<{ dy: TensorInfo; input: TensorInfo }, PoolAttributes>;

/**
 * The kernels MaxPoolGrad and MaxPool3DGrad. Those of the backend begin each maximum with the smallest positive
 * float32, so they miss windows without a positive value. They also choose the last of equal values.
 */
export function maxPoolGradient(tf: Tf) {
  return ({ inputs: { dy, input }, backend, attrs }: Backward): TensorInfo =>
    inScope(tf, backend, [dy, input], (scope) => {
      const dx = scope.make(input.shape, input.dtype);
      maximumGradient(scope.view(dx), scope.view(input), scope.view(dy), poolOf(tf, input.shape, attrs, dy.shape));
      return dx;
    });
}

/**
 * The kernels AvgPoolGrad and AvgPool3DGrad. Those of TensorFlow.js divide by the size of the window, but the forward
 * pass divides by the number of its values in x. `original` is right if all windows lie in x, and is called then if it
 * is not slower.
 */
export function avgPoolGradient(tf: Tf, original?: KernelFunc) {
  return (call: Backward): TensorInfo => {
    const { dy, input } = call.inputs;
    const pool = poolOf(tf, input.shape, call.attrs, dy.shape);
    if (original && isInside(pool) && isDense(pool)) {
      return original(call as unknown as Parameters<KernelFunc>[0]) as TensorInfo;
    }
    return inScope(tf, call.backend, [dy, input], (scope) => {
      const dx = scope.make(input.shape);
      meanGradient(scope.view(dx), scope.view(dy), pool);
      return dx;
    });
  };
}

const isInside = ({ inExtents, outExtents, size, strides, before }: Pool) =>
  outExtents.every((count, axis) => {
    return before[axis] === 0 && (count - 1) * strides[axis] + size[axis] <= inExtents[axis];
  });

/**
 * Our loop runs over windows, that of the backend over values of x. Ours takes 0.9 to 2.7 times as long at stride 1 and
 * 3x3. At stride 2 and 2x2 it takes 0.3 to 0.8 times as long, but 1.2 to 1.5 times with a single channel.
 */
const isDense = ({ channels, inExtents, outExtents }: Pool) =>
  channels === 1 || 2 * volume(outExtents) > volume(inExtents);

const volume = ([depth, height, width]: readonly number[]) => depth * height * width;
