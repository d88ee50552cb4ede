import { Scratch } from "./scratch";

/**
 * The binary's exports. Their arguments are outputs, then inputs, per-channel values, scratch, extents, scalars,
 * activation, range. x, y, dy, dx, dz, residual, gamma and beta are float32, everything else per channel is float64.
 * Addresses are in bytes, extents in elements and at least 1. Rows are planes of one value.
 */

export { gradientPartials, inputGradient, maskGradient } from "./gradient";
export { normalize } from "./normalize";
export { parts } from "./parts";
export { finishGradientSums, finishStatistics, invstd, toFloat32, updateRunning } from "./per-channel";
export { statisticsPartials } from "./statistics";
export { backward, forwardInference, forwardTraining, gradientSums, statistics } from "./step";

/** The version of the exports, their arguments and what these mean: CONTRACT_VERSION of src/exports.ts is the same. */
export function contractVersion(): i32 {
  return 3;
}

/** Bytes of scratch for any kernel over these extents. */
export function scratchBytes(batch: usize, channels: usize, spatial: usize): usize {
  return Scratch.bytes(batch, channels, spatial);
}

/** Bytes of the sums of all parts: the `partials` of the phases. */
export function partialBytes(batch: usize, channels: usize, spatial: usize): usize {
  return Scratch.partialBytes(batch, channels, spatial);
}
