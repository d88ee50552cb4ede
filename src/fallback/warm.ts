import type { KernelExports } from "../exports.js";
import type { KernelMemory } from "../memory.js";

/** Batch, channels, spatial: of planes and, as batch rows of channels, of rows; each loop and what follows it is reached. */
const EXTENTS = [
  [3, 2, 19],
  [9, 37, 1],
  [33, 16, 1],
  [9, 1, 2],
] as const;
/** Addresses of x and out, of 2112 bytes at most, of all that has a value a channel, and of the scratch, of 14344. */
const X = 64;
const OUT = 8192;
const PER_CHANNEL = 16384;
const SCRATCH = 32768;

/**
 * Runs every kernel over a few small extents. V8 compiles a long loop before what follows it has ever run, and then returns
 * to the interpreter at the end of each call, for good: 3 to 4 times slower. It takes some milliseconds, at the first load.
 */
export function warm(implement: (memory: KernelMemory) => KernelExports, memory: KernelMemory): void {
  const k = implement(memory);
  const p = PER_CHANNEL;
  for (const [batch, channels, spatial] of EXTENTS) {
    k.invstd(p, p, channels, 1);
    k.updateRunning(p, p, p, p, channels, 0.5, 1);
    k.toFloat32(OUT, p, channels);
    k.statisticsPlanes(p, p, X, SCRATCH, batch, channels, spatial);
    for (const normalize of [k.normalizePlanes, k.normalizePlanesRelu]) {
      normalize(OUT, X, p, p, X, X, SCRATCH, batch, channels, spatial);
    }
    for (const gradientSums of [k.gradientSumsPlanes, k.gradientSumsPlanesRelu]) {
      gradientSums(p, p, X, X, p, p, X, X, SCRATCH, batch, channels, spatial);
    }
    for (const gradient of [k.inputGradientPlanes, k.inputGradientPlanesRelu]) {
      for (const sums of [0, p]) gradient(OUT, X, X, p, p, X, X, sums, sums, SCRATCH, batch, channels, spatial, 1);
    }
  }
}
