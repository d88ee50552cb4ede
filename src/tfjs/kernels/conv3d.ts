import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Explicit, Shape4, Tf } from "./geometry.js";
import { type Call, inScope, reshaped, type Scope } from "./scope.js";

type Shape5 = [number, number, number, number, number];
type Pair = [number, number];

interface Attributes {
  strides: number | [number, number, number];
  pad: "same" | "valid" | number;
}

/** A convolution over depth, as one convolution over height and width for each position of the filter in depth. */
interface Depths {
  batch: number;
  inDepth: number;
  outDepth: number;
  filterDepth: number;
  strideDepth: number;
  front: number;
  /** The shapes of one depth of x, y and the filter, without the batch. */
  x: [number, number, number];
  y: [number, number, number];
  filter: Shape4;
  strides: Pair;
  padding: Explicit;
}

function depthsOf(tf: Tf, x: Shape5, filter: Shape5, dy: Shape5, { strides, pad }: Attributes): Depths {
  const info = tf.backend_util.computeConv3DInfo(x, filter, strides, 1, pad as "same");
  const { front, top, left } = info.padInfo;
  const after = (extent: number, count: number, stride: number, size: number, before: number) =>
    (count - 1) * stride + size - extent - before;
  return {
    batch: x[0],
    inDepth: x[1],
    outDepth: dy[1],
    filterDepth: filter[0],
    strideDepth: info.strideDepth,
    front,
    x: [x[2], x[3], x[4]],
    y: [dy[2], dy[3], dy[4]],
    filter: [filter[1], filter[2], filter[3], filter[4]],
    strides: [info.strideHeight, info.strideWidth],
    padding: [
      [0, 0],
      [top, after(x[2], dy[2], info.strideHeight, filter[1], top)],
      [left, after(x[3], dy[3], info.strideWidth, filter[2], left)],
      [0, 0],
    ],
  };
}

/** Returns the images of x and of y that the filter connects at its position f in depth, counted over the batch. */
function pairsOf(d: Depths, f: number): Pair[] {
  const pairs: Pair[] = [];
  for (let n = 0; n < d.batch; n++) {
    for (let p = 0; p < d.outDepth; p++) {
      const at = p * d.strideDepth + f - d.front;
      if (at >= 0 && at < d.inDepth) pairs.push([n * d.inDepth + at, n * d.outDepth + p]);
    }
  }
  return pairs;
}

const sizeOf = (shape: number[]) => shape.reduce((product, extent) => product * extent, 1);

/** Returns the images `which` of a tensor, as a batch. */
function images(scope: Scope, from: TensorInfo, shape: number[], which: number[]): TensorInfo {
  const result = scope.make([which.length, ...shape]);
  const [source, target, size] = [scope.view(from), scope.view(result), sizeOf(shape)];
  for (const [i, image] of which.entries()) target.set(source.subarray(image * size, (image + 1) * size), i * size);
  return result;
}

/**
 * The kernel Conv3DBackpropFilterV2: dW[f] is the gradient of the filter of a convolution over height and width, with
 * the images that f connects. The kernel of the backend leaves out terms if a stride is above 1 or x is padded.
 */
export function conv3DBackpropFilter(tf: Tf) {
  return (call: Call<{ x: TensorInfo; dy: TensorInfo }, Attributes & { filterShape: Shape5 }>): TensorInfo => {
    const { x, dy } = call.inputs;
    const { filterShape } = call.attrs;
    const d = depthsOf(tf, x.shape as Shape5, filterShape, dy.shape as Shape5, call.attrs);
    return inScope(tf, call.backend, [x, dy], (scope) => {
      const dw = scope.make(filterShape);
      scope.view(dw).fill(0);
      const attrs = { strides: d.strides, pad: d.padding, dataFormat: "NHWC", filterShape: d.filter };
      for (let f = 0; f < d.filterDepth; f++) {
        const pairs = pairsOf(d, f);
        if (pairs.length === 0) continue;
        const xs = images(
          scope,
          x,
          d.x,
          pairs.map(([image]) => image),
        );
        const dys = images(
          scope,
          dy,
          d.y,
          pairs.map(([, image]) => image),
        );
        const part = scope.run("Conv2DBackpropFilter", { x: xs, dy: dys }, attrs);
        scope.view(dw).set(scope.view(part), f * sizeOf(d.filter));
        scope.free(xs, dys, part);
      }
      return dw;
    });
  };
}

/**
 * The kernel Conv3DBackpropInputV2, which `tf.conv3dTranspose` uses, too: dx is the sum over f of the gradients of the
 * input of convolutions over height and width, with the images that f connects. The kernel of the backend leaves out
 * depths beyond the depth of the filter.
 */
export function conv3DBackpropInput(tf: Tf) {
  return (call: Call<{ dy: TensorInfo; filter: TensorInfo }, Attributes & { inputShape: Shape5 }>): TensorInfo => {
    const { dy, filter } = call.inputs;
    const { inputShape } = call.attrs;
    const d = depthsOf(tf, inputShape, filter.shape as Shape5, dy.shape as Shape5, call.attrs);
    return inScope(tf, call.backend, [dy, filter], (scope) => {
      const dx = scope.make(inputShape);
      scope.view(dx).fill(0);
      for (let f = 0; f < d.filterDepth; f++) {
        const pairs = pairsOf(d, f);
        if (pairs.length === 0) continue;
        const dys = images(
          scope,
          dy,
          d.y,
          pairs.map(([, image]) => image),
        );
        const tap = images(scope, filter, d.filter, [f]);
        const attrs = { strides: d.strides, pad: d.padding, dataFormat: "NHWC", inputShape: [pairs.length, ...d.x] };
        const part = scope.run("Conv2DBackpropInput", { dy: dys, filter: reshaped(tap, d.filter) }, attrs);
        addImages(scope.view(dx), scope.view(part), pairs, sizeOf(d.x));
        scope.free(dys, tap, part);
      }
      return dx;
    });
  };
}

function addImages(dx: Float32Array, part: Float32Array, pairs: Pair[], size: number): void {
  pairs.forEach(([image], i) => {
    for (let k = 0; k < size; k++) dx[image * size + k] += part[i * size + k];
  });
}
