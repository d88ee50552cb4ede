import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";

/** The comparison of two tensors with the same number of values. */
export interface Comparison {
  readonly values: number;
  /** Values whose bits are not the same; the signs of zeros count. */
  readonly different: number;
  /** Largest difference, as a part of the largest magnitude, or of another that was given. null: not finite. */
  readonly distance: number | null;
}

/** Value by value in the order of memory, whatever the shapes. `scale`: in place of the largest magnitude. */
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

/**
 * Returns the largest sums of the magnitudes of the terms of dgamma = sum(dy * xhat) and dbeta = sum(dy), over the rows
 * of matrices. Rounding errors are relative to these. The sums themselves are much smaller if terms have both signs.
 */
export function sumScales(x: tf.Tensor2D, dy: tf.Tensor2D, eps: number): { dgamma: number; dbeta: number } {
  const { y: xhat } = batchNormTraining(x, null, null, { eps });
  const [dgamma, dbeta] = [tf.mul(dy, xhat), dy].map((terms) => tf.max(tf.sum(tf.abs(terms), 0)).dataSync()[0]);
  return { dgamma, dbeta };
}
