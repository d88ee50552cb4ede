import { seeded } from "../scripts/common/random.js";
import type { Problem } from "./baseline/index.js";
import type { Case } from "./cases.js";

export type Extents = Pick<Case, "loop" | "batch" | "channels" | "spatial">;

/** The number of consecutive elements of one channel. */
export function run({ loop, spatial }: Pick<Case, "loop" | "spatial">): number {
  return loop === "planes" ? spatial : 1;
}

/**
 * A problem with normally distributed data. Every channel has its own mean and deviation, with |mean| / deviation up to
 * about 1.
 */
export function problem(extents: Extents, seed: number): Problem {
  const { batch, channels, spatial } = extents;
  const length = batch * channels * spatial;
  const normal = seeded(seed).gaussian;
  const perChannel = (value: () => number) => Float32Array.from({ length: channels }, value);
  const deviation = perChannel(() => 0.5 + Math.abs(normal()));
  const mean = deviation.map((d) => d * Math.tanh(normal()));
  const x = new Float32Array(length);
  const dy = new Float32Array(length);
  const step = run(extents);
  for (let i = 0, c = 0; i < length; c = (c + 1) % channels) {
    for (const end = i + step; i < end; i++) {
      x[i] = mean[c] + deviation[c] * normal();
      dy[i] = normal();
    }
  }
  return {
    batch,
    channels,
    spatial,
    eps: 1e-5,
    momentum: 0.1,
    x,
    dy,
    y: new Float32Array(length),
    dx: new Float32Array(length),
    gamma: perChannel(() => 1 + 0.2 * normal()),
    beta: perChannel(() => 0.3 * normal()),
    mean: new Float64Array(channels),
    invstd: new Float64Array(channels),
    runningMean: Float64Array.from(perChannel(() => 0.3 * normal())),
    runningVar: Float64Array.from(perChannel(() => 0.5 + Math.abs(normal()))),
    dgamma: new Float64Array(channels),
    dbeta: new Float64Array(channels),
  };
}
