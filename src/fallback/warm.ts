import type { KernelExports } from "../exports.js";
import type { KernelMemory } from "../memory.js";
import { ACTIVATIONS } from "../operations.js";

/** Batch, channels and spatial. These extents reach each loop, and the code after it, for planes and for rows. */
const EXTENTS: [batch: number, channels: number, spatial: number][] = [
  [3, 2, 19],
  [9, 37, 1],
  [33, 16, 1],
  [9, 1, 2],
];
/**
 * The addresses of x and out (at most 2112 bytes each), of the per-channel values, and of the scratch (14344 bytes).
 */
const X = 64;
const OUT = 8192;
const PER_CHANNEL = 16384;
const SCRATCH = 32768;

/**
 * Runs every kernel over a few small extents. Otherwise V8 compiles a long loop before the code after it has run. It
 * then returns to the interpreter at the end of each call, which is 3 to 4 times slower, and does not recover. This
 * takes some milliseconds at the first load.
 */
export function warm(implement: (memory: KernelMemory) => KernelExports, memory: KernelMemory): void {
  const k = implement(memory);
  const p = PER_CHANNEL;
  for (const extents of EXTENTS) {
    const [, channels] = extents;
    k.invstd(p, p, channels, 1);
    k.updateRunning(p, p, p, p, channels, 0.5, 1);
    k.statistics(p, p, X, SCRATCH, ...extents);
    k.statisticsPartials(p, X, p, p, SCRATCH, ...extents, 0, 0, 1);
    k.finishStatistics(p, p, p, ...extents, 0);
    for (const activation of ACTIVATIONS.keys()) {
      for (const residual of [0, X]) {
        k.normalize(OUT, X, residual, p, p, X, X, SCRATCH, ...extents, activation, 0, 1);
        // The argument must be an integer. Beside a fraction V8 makes all spread arguments doubles, and the loops stay
        // slower.
        k.forwardTraining(OUT, p, p, p, p, p, X, residual, X, X, SCRATCH, ...extents, 1, 1, 1, activation);
        k.forwardInference(OUT, p, X, residual, p, p, X, X, SCRATCH, ...extents, 1, activation);
      }
      k.gradientSums(p, p, X, X, p, p, X, X, SCRATCH, ...extents, activation);
      k.gradientPartials(p, X, X, p, p, X, X, p, p, SCRATCH, ...extents, activation, 0, 0, 1);
      k.finishGradientSums(p, p, p, p, p, ...extents, 0);
      for (const sums of [0, p]) {
        k.inputGradient(OUT, X, X, p, p, X, X, sums, sums, SCRATCH, ...extents, 1, activation, 0, 1);
        k.backward(OUT, p, p, OUT, OUT, X, X, p, p, X, X, SCRATCH, ...extents, sums && 1, activation);
      }
      k.maskGradient(OUT, X, X, ...extents, activation, 0, 1);
    }
  }
}
