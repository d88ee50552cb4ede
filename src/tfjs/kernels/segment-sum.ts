import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Tf } from "./geometry.js";
import { type Call, inScope } from "./scope.js";

/**
 * The kernel UnsortedSegmentSum, which the wasm backend lacks: y[s, ...] = the sum of x[i, ...] over the i with
 * segmentIds[i] = s, in float64. It is the gradient of `tf.gather`, and so of embeddings. Ids of no segment are left out, as
 * on the cpu backend.
 */
export function unsortedSegmentSum(tf: Tf) {
  return (call: Call<{ x: TensorInfo; segmentIds: TensorInfo }, { numSegments: number }>): TensorInfo => {
    const { x, segmentIds } = call.inputs;
    const { numSegments } = call.attrs;
    const [rows, ...inner] = x.shape;
    const size = inner.reduce((product, extent) => product * extent, 1);
    return inScope(tf, call.backend, [x, segmentIds], (scope) => {
      const y = scope.make([numSegments, ...inner]);
      const [values, ids, sums] = [scope.view(x), scope.view(segmentIds), scope.view(y)];
      // The rows of each segment as a linked list, counted from 1: the last row of each segment, and for each row the
      // one before.
      const last = new Int32Array(numSegments);
      const before = new Int32Array(rows);
      for (let row = 0; row < rows; row++) {
        const id = ids[row];
        if (id < 0 || id >= numSegments) continue;
        before[row] = last[id];
        last[id] = row + 1;
      }
      const sum = new Float64Array(size);
      for (let id = 0; id < numSegments; id++) {
        if (last[id] === 0) {
          sums.fill(0, id * size, (id + 1) * size);
          continue;
        }
        sum.fill(0);
        for (let row = last[id]; row > 0; row = before[row - 1]) {
          const at = (row - 1) * size;
          for (let k = 0; k < size; k++) sum[k] += values[at + k];
        }
        sums.set(sum, id * size);
      }
      return y;
    });
  };
}
