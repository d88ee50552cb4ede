import type { Plan } from "../scaling/scans.js";

/** The numbers of values of a plane. The others are compared with the last. */
const SIZES = Array.from({ length: 15 }, (_, k) => k + 2);

/** Planes of 2 to 16 values occur in the last stages of small images and in short sequences. */
export const PLANES: readonly Plan[] = [64, 256].flatMap((channels) =>
  [32, 4, 1].map((batch) => ({
    name: `planes, batch ${batch}, ${channels} channels`,
    symbol: "S",
    shapes: SIZES.map((at) => ({ at, loop: "planes" as const, batch, channels, spatial: at })),
  })),
);
