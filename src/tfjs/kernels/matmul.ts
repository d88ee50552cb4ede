import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import type { Tf } from "./geometry.js";
import { multiply } from "./products.js";
import { type Call, inScope, reshaped } from "./scope.js";

interface Attributes {
  transposeA: boolean;
  transposeB: boolean;
}
type Inputs = { a: TensorInfo; b: TensorInfo };

/**
 * The kernel BatchMatMul for transposed factors, which are what the gradients of dense layers multiply: transposing first,
 * for the product of XNNPACK. The backend's own, `original`, multiplies them by a loop of about 1 ns a product. It stays for
 * several matrices, and for fewer products than `least`.
 */
export function matMul(tf: Tf, original: KernelFunc, least = leastProducts) {
  return (call: Call<Inputs, Attributes>): TensorInfo => {
    const { a, b } = call.inputs;
    const { transposeA, transposeB } = call.attrs;
    const [m, k] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
    const n = b.shape[b.shape.length - (transposeB ? 2 : 1)];
    const one = [a, b].every(({ shape, dtype }) => dtype === "float32" && shape.slice(0, -2).every((e) => e === 1));
    if (!(transposeA || transposeB) || !one || m * k * n < least) {
      return original(call as unknown as Parameters<KernelFunc>[0]) as TensorInfo;
    }
    const outer = a.shape.length > b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
    return inScope(tf, call.backend, [a, b], (scope) => {
      const [left, right] = [
        { tensor: a, transposed: transposeA },
        { tensor: b, transposed: transposeB },
      ];
      return reshaped(multiply(scope, left, right, m, k, n), [...outer, m, n]);
    });
  };
}

/** Below this many products the calls of several kernels take longer than the backend's loop. */
const leastProducts = 2 ** 16;
