import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import type { Tf } from "./geometry.js";
import { multiply } from "./products.js";
import { type Call, inScope, reshaped } from "./scope.js";

interface Attributes {
  transposeA: boolean;
  transposeB: boolean;
}
interface Inputs {
  [name: string]: TensorInfo;
  a: TensorInfo;
  b: TensorInfo;
}

/**
 * From this number of products on ours is at least 1.3 times as fast, and 9 times from 2 million on. Below, the calls
 * of several kernels take as long as the backend's loop: 0.02 ms at 16x32 times 32x32.
 */
const leastProducts = 2 ** 15;

/** Tells whether XNNPACK multiplies them. The backend then keeps the packed right side. */
const isPacked = ({ inputs: { a, b }, attrs }: Call<Inputs, Attributes>): boolean =>
  !attrs.transposeA && !attrs.transposeB && isMatrix(a) && isMatrix(b);

const isMatrix = ({ shape, dtype }: TensorInfo) =>
  dtype === "float32" && shape.slice(0, -2).every((extent) => extent === 1);

/** The shape that each data had as the right side of a product. */
const shapes = new WeakMap<object, string>();

/**
 * The kernels BatchMatMul and _FusedMatMul. The backend, `original`, finds the packed right side by the data of the
 * tensor alone. If the same data was multiplied in another shape before, as W and W reshaped, the result would be
 * wrong. Such data is copied.
 */
export function product(tf: Tf, original: KernelFunc) {
  return (call: Call<Inputs, Attributes>): TensorInfo => {
    const run = (inputs: Inputs) => original({ ...call, inputs } as unknown as Parameters<KernelFunc>[0]) as TensorInfo;
    const { b } = call.inputs;
    if (!isPacked(call)) return run(call.inputs);
    const shape = b.shape.slice(-2).join("x");
    const first = shapes.get(b.dataId) ?? shape;
    shapes.set(b.dataId, first);
    if (first === shape) return run(call.inputs);
    return inScope(tf, call.backend, [b], (scope) => {
      const copy = scope.make(b.shape);
      scope.view(copy).set(scope.view(b));
      return scope.keep(run({ ...call.inputs, b: copy }));
    });
  };
}

/**
 * The kernel BatchMatMul for transposed factors, as in the gradients of dense layers. It transposes them first, and
 * then uses the product of XNNPACK. The backend's kernel, `original`, is a loop of about 1 ns per product. It stays for
 * several matrices, and for fewer products than `least`.
 */
export function matMul(tf: Tf, original: KernelFunc, least: number = leastProducts) {
  const plain = product(tf, original);
  return (call: Call<Inputs, Attributes>): TensorInfo => {
    const { a, b } = call.inputs;
    const { transposeA, transposeB } = call.attrs;
    const [m, k] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
    const n = b.shape[b.shape.length - (transposeB ? 2 : 1)];
    if (!(transposeA || transposeB) || !isMatrix(a) || !isMatrix(b) || m * k * n < least) return plain(call);
    const outer = a.shape.length > b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
    return inScope(tf, call.backend, [a, b], (scope) => {
      const left = { tensor: a, transposed: transposeA };
      const right = { tensor: b, transposed: transposeB };
      return reshaped(multiply(scope, left, right, m, k, n), [...outer, m, n]);
    });
  };
}
