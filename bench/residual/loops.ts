/**
 * What a program does about a normalization without a residual, in JavaScript, and without a branch: signs that are as good as
 * random would be guessed wrong half of the time.
 */

/** y = max(y + residual, 0), which is half of the sum and its magnitude: exact in float64. `Math.max` has branches in V8. */
export function addRelu(y: Float32Array, residual: Float32Array): void {
  for (let i = 0; i < y.length; i++) {
    const sum = y[i] + residual[i];
    y[i] = 0.5 * (sum + Math.abs(sum));
  }
}

/** dz = dy where y is positive, else 0; y is 0 or more. The bits of all three, of which those of a positive y are positive. */
export function mask(dz: Int32Array, dy: Int32Array, y: Int32Array): void {
  for (let i = 0; i < dz.length; i++) dz[i] = dy[i] & (-y[i] >> 31);
}
