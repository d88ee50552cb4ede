import type { DataType, KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import type { Tf } from "./geometry.js";
import { type Call, inScope } from "./scope.js";

interface Attributes {
  dtype: DataType;
  depth: number;
  onValue: number;
  offValue: number;
}

/**
 * The kernel OneHot. `original` writes int32 for every dtype. Read as float32 these are numbers close to 0, and for
 * bool they need four times the allocated bytes.
 */
export function oneHot(tf: Tf, original: KernelFunc) {
  return (call: Call<{ indices: TensorInfo }, Attributes>): TensorInfo => {
    const { indices } = call.inputs;
    const { dtype, depth, onValue, offValue } = call.attrs;
    if (dtype === "int32") return original(call as unknown as Parameters<KernelFunc>[0]) as TensorInfo;
    return inScope(tf, call.backend, [indices], (scope) => {
      const y = scope.make([...indices.shape, depth], dtype);
      const values = scope.view(y).fill(offValue);
      for (const [i, index] of scope.view(indices).entries()) {
        if (index >= 0 && index < depth) values[i * depth + index] = onValue;
      }
      return y;
    });
  };
}
