/**
 * The JavaScript loops of a program whose normalization takes no residual. They have no branches, because the signs are
 * almost random and the processor would predict half of the branches wrongly.
 */

/** y = max(y + residual, 0), as 0.5 * (sum + |sum|), which is exact in float64. `Math.max` has branches in V8. */
export function addRelu(y: Float32Array, residual: Float32Array): void {
  for (let i = 0; i < y.length; i++) {
    const sum = y[i] + residual[i];
    y[i] = 0.5 * (sum + Math.abs(sum));
  }
}

/** dz = dy where y is positive, else 0; y is never negative. The arrays are the float32 bits as integers. */
export function mask(dz: Int32Array, dy: Int32Array, y: Int32Array): void {
  for (let i = 0; i < dz.length; i++) dz[i] = dy[i] & (-y[i] >> 31);
}
