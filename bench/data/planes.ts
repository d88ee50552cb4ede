import type { Plan } from "../scaling/scans.js";

/** Values of a plane; the last is what the others are compared with. */
const SIZES = Array.from({ length: 15 }, (_, k) => k + 2);

/** Planes of 2 to 16 values: the last stages of small images, and sequences of few steps. */
export const PLANES: readonly Plan[] = [64, 256].flatMap((channels) =>
  [32, 4, 1].map((batch) => ({
    name: `planes, batch ${batch}, ${channels} channels`,
    symbol: "S",
    shapes: SIZES.map((at) => ({ at, loop: "planes" as const, batch, channels, spatial: at })),
  })),
);
