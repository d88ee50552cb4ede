import type { KernelExports } from "../exports.js";
import type { Extents } from "./extents.js";
import type { Address } from "./host.js";

/** The kernels at addresses of any memory, planes or rows by the extents, which are not empty. 0: absent. */

/** What turns x into y, per channel: mean and invstd float64, gamma and beta float32. */
export interface Affine {
  readonly mean: Address;
  readonly invstd: Address;
  readonly gamma: Address;
  readonly beta: Address;
}

/** One computation's kernels, with scratch for its channels. */
export interface Pass {
  readonly kernels: KernelExports;
  readonly scratch: Address;
  readonly extents: Extents;
}

export function statistics({ kernels, scratch, extents }: Pass, mean: Address, variance: Address, x: Address): void {
  const { batch, channels, spatial } = extents;
  if (spatial === 1) kernels.statisticsRows(mean, variance, x, scratch, batch, channels);
  else kernels.statisticsPlanes(mean, variance, x, scratch, batch, channels, spatial);
}

export function normalize({ kernels, scratch, extents }: Pass, y: Address, x: Address, affine: Affine): void {
  const { batch, channels, spatial } = extents;
  const { mean, invstd, gamma, beta } = affine;
  if (spatial === 1) kernels.normalizeRows(y, x, mean, invstd, gamma, beta, scratch, batch, channels);
  else kernels.normalizePlanes(y, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial);
}

/** Float64 sums per channel. */
export interface Sums {
  readonly dgamma: Address;
  readonly dbeta: Address;
}

export function gradientSums(
  { kernels, scratch, extents }: Pass,
  { dgamma, dbeta }: Sums,
  dy: Address,
  x: Address,
  affine: Affine,
): void {
  const { batch, channels, spatial } = extents;
  const { mean, invstd, gamma, beta } = affine;
  if (spatial === 1) {
    kernels.gradientSumsRows(dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, batch, channels);
  } else {
    kernels.gradientSumsPlanes(dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial);
  }
}

/** Without sums the statistics are constants. */
export function inputGradient(
  { kernels, scratch, extents }: Pass,
  dx: Address,
  dy: Address,
  x: Address,
  affine: Affine,
  sums: Sums | null,
): void {
  const { batch, channels, spatial, count } = extents;
  const { mean, invstd, gamma, beta } = affine;
  const { dgamma, dbeta } = sums ?? { dgamma: 0, dbeta: 0 };
  if (spatial === 1) {
    kernels.inputGradientRows(dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, batch, channels, count);
  } else {
    const planes = [scratch, batch, channels, spatial] as const;
    kernels.inputGradientPlanes(dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, ...planes, count);
  }
}
