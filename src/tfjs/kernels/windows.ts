import type { backend_util, KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import type { ConvolutionAttributes, Explicit, Shape4, Tf } from "./geometry.js";
import { type Call, inScope, type Scope } from "./scope.js";
import { surround } from "./surround.js";

/**
 * One axis of a convolution or a pooling: `count` windows of `size`, `stride` apart; the first begins `before` before
 * x.
 */
export interface Axis {
  extent: number;
  count: number;
  size: number;
  stride: number;
  before: number;
  after: number;
}

/** Returns height and width. The size of a dilated filter includes its gaps. */
export function axesOf(info: backend_util.Conv2DInfo): [Axis, Axis] {
  const { padInfo } = info;
  return [
    {
      extent: info.inHeight,
      count: info.outHeight,
      size: info.effectiveFilterHeight,
      stride: info.strideHeight,
      before: padInfo.top,
      after: padInfo.bottom,
    },
    {
      extent: info.inWidth,
      count: info.outWidth,
      size: info.effectiveFilterWidth,
      stride: info.strideWidth,
      before: padInfo.left,
      after: padInfo.right,
    },
  ];
}

/** The length by which the windows reach beyond the end of x; negative if a part of x is unused. */
const reach = ({ extent, count, size, stride, before }: Axis) => (count - 1) * stride + size - before - extent;

/** The number of windows that XNNPACK computes. It writes all of them, even beyond the end of the result. */
const computed = ({ extent, size, stride, before, after }: Axis) =>
  Math.floor((extent + before + after - size) / stride) + 1;

/** Tells whether XNNPACK, with this padding, computes the windows that TensorFlow.js allocated. */
export const fits = (axis: Axis): boolean => computed(axis) === axis.count;

interface Inputs {
  [name: string]: TensorInfo;
  x: TensorInfo;
  filter: TensorInfo;
}
type Attributes = ConvolutionAttributes & { dilations?: number | [number, number] };

/**
 * A convolution's kernel of the wasm backend, plain or depthwise, with or without bias and activation. `original` is
 * right if XNNPACK computes the number of windows that TensorFlow.js allocates. With padding "same" the windows must
 * also use all of x: otherwise the padding is negative, XNNPACK takes it for a very large one, and y is 0. In other
 * cases `original` gets a numeric padding, or x with zeros around it if no padding gives these windows.
 */
export function convolution(tf: Tf, original: KernelFunc, depthwise: boolean) {
  const call = (inputs: Inputs, backend: Call<Inputs, Attributes>["backend"], attrs: object) =>
    original({ inputs, backend, attrs } as unknown as Parameters<KernelFunc>[0]) as TensorInfo;
  const nhwc = ({ inputs, backend, attrs }: Call<Inputs, Attributes>): TensorInfo => {
    const { x, filter } = inputs;
    const { strides, dilations, pad, dimRoundingMode } = attrs;
    const { computeConv2DInfo } = tf.backend_util;
    const shapes = [x.shape as Shape4, filter.shape as Shape4] as const;
    const info = computeConv2DInfo(...shapes, strides, dilations ?? 1, pad, dimRoundingMode, depthwise);
    const axes = axesOf(info);
    const right = pad === "same" ? axes.every((axis) => reach(axis) >= 0) : axes.every(fits);
    if (right || axes.some(({ count }) => count < 1)) return call(inputs, backend, attrs);
    const after = axes.map((axis) => Math.max(0, reach(axis)));
    if (axes.every((axis, i) => fits({ ...axis, after: after[i] }))) {
      const explicit: Explicit = [
        [0, 0],
        [axes[0].before, after[0]],
        [axes[1].before, after[1]],
        [0, 0],
      ];
      return call(inputs, backend, { ...attrs, pad: explicit, dimRoundingMode: undefined });
    }
    return inScope(tf, backend, [x], (scope) => {
      const around = surrounded(scope, x, axes);
      return scope.keep(
        call({ ...inputs, x: around }, backend, { ...attrs, pad: "valid", dimRoundingMode: undefined }),
      );
    });
  };
  return nhwc;
}

/** Returns the part of x that the windows read, with the zeros around it that they read. */
function surrounded(scope: Scope, x: TensorInfo, [rows, columns]: [Axis, Axis]): TensorInfo {
  const [batch, , , channels] = x.shape;
  const extent = ({ count, size, stride }: Axis) => (count - 1) * stride + size;
  const result = scope.make([batch, extent(rows), extent(columns), channels]);
  surround(scope.view(result), scope.view(x), result.shape as Shape4, x.shape as Shape4, rows.before, columns.before);
  return result;
}

/** Makes the kernel accept dataFormat NCHW, too, which the backend refuses. It transposes x and y. */
export function eitherFormat(tf: Tf, kernel: (call: Call<Inputs, Attributes>) => TensorInfo) {
  return (call: Call<Inputs, Attributes>): TensorInfo => {
    const { inputs, backend, attrs } = call;
    if (attrs.dataFormat !== "NCHW") return kernel(call);
    const { pad } = attrs;
    const padding = typeof pad === "object" ? ([pad[0], pad[2], pad[3], pad[1]] as Explicit) : pad;
    return inScope(tf, backend, Object.values(inputs), (scope) => {
      const x = scope.run("Transpose", { x: inputs.x }, { perm: [0, 2, 3, 1] });
      const last = kernel({ inputs: { ...inputs, x }, backend, attrs: { ...attrs, pad: padding, dataFormat: "NHWC" } });
      return scope.run("Transpose", { x: scope.keep(last) }, { perm: [0, 3, 1, 2] });
    });
  };
}
