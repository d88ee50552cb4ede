import type * as tf from "@tensorflow/tfjs-core";

/** How two tensors of equally many values compare. */
export interface Comparison {
  readonly values: number;
  /** Values whose bits are not the same; the signs of zeros count. */
  readonly different: number;
  /** Largest difference, as a part of the largest magnitude, or of another that was given. null: not finite. */
  readonly distance: number | null;
}

/** Value by value in the order of memory, whatever the shapes. */
export function compareBits(a: tf.Tensor, b: tf.Tensor, scale?: number): Comparison {
  const [left, right] = [a.dataSync() as Float32Array, b.dataSync() as Float32Array];
  if (left.length !== right.length) throw new Error(`${left.length} values against ${right.length}`);
  let [different, difference, magnitude] = [0, 0, 0];
  for (let i = 0; i < left.length; i++) {
    if (Object.is(left[i], right[i])) {
      magnitude = Math.max(magnitude, Math.abs(left[i]));
      continue;
    }
    different++;
    difference = Math.max(difference, Math.abs(left[i] - right[i]));
    magnitude = Math.max(magnitude, Math.abs(left[i]), Math.abs(right[i]));
  }
  const distance = difference === 0 ? 0 : difference / (scale ?? magnitude);
  return { values: left.length, different, distance: Number.isFinite(distance) ? distance : null };
}
