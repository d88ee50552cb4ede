import { affine, finishGradient, gradient } from "./channels.js";
import { map, reduce } from "./dispatch.js";
import type { Heap } from "./heap.js";
import * as loops from "./loops.js";
import { normalize } from "./normalize.js";
import { isEmpty } from "./parts.js";
import { CHOICE, FIRST, pitchOf, SECOND, slotsIn } from "./slots.js";

/**
 * Whether dy counts as 0 for this float32 y, by the number of the activation, which is not 0. One function for all:
 * V8 inlines no call that has had several targets, allocates each y, and takes three times as long.
 */
function holds(_activation: number, y: number): boolean {
  return y <= 0;
}

/** Sums dy and dy * (x - mean), with dy after the activation's mask, in the scratch. Returns the address of FIRST. */
function sum(
  h: Heap,
  dy: number,
  x: number,
  mean: number,
  invstd: number,
  gamma: number,
  beta: number,
  scratch: number,
  batch: number,
  channels: number,
  spatial: number,
  activation: number,
): number {
  const at = slotsIn(scratch);
  const pitch = pitchOf(channels);
  affine(h, at, pitch, mean, invstd, gamma, beta, channels);
  reduce(loops.gradientSums[activation], h, x, dy, at, pitch, batch, channels, spatial);
  return 8 * (at + FIRST * pitch);
}

/** The distance from the sums of dy to the other sums. */
function toSecond(channels: number): number {
  return 8 * (SECOND - FIRST) * pitchOf(channels);
}

/** dbeta = sum(dy), dgamma = sum(dy * xhat), with dy after the activation's mask. */
export function gradientSums(
  h: Heap,
  dgamma: number,
  dbeta: number,
  dy: number,
  x: number,
  mean: number,
  invstd: number,
  gamma: number,
  beta: number,
  scratch: number,
  batch: number,
  channels: number,
  spatial: number,
  activation: number,
): void {
  const first = sum(h, dy, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial, activation);
  finishGradient(h, dgamma, dbeta, first, first + toSecond(channels), invstd, channels);
}

export function gradientPartials(
  h: Heap,
  partials: number,
  dy: number,
  x: number,
  mean: number,
  invstd: number,
  gamma: number,
  beta: number,
  _dgamma: number,
  _dbeta: number,
  scratch: number,
  batch: number,
  channels: number,
  spatial: number,
  activation: number,
  _round: number,
  begin: number,
  end: number,
): void {
  if (isEmpty(begin, end)) return;
  const first = sum(h, dy, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial, activation);
  h.copy(partials, first, 2 * channels);
  h.copy(partials + 8 * channels, first + toSecond(channels), 2 * channels);
}

export function finishGradientSums(
  h: Heap,
  dgamma: number,
  dbeta: number,
  partials: number,
  invstd: number,
  channels: number,
): 0 {
  finishGradient(h, dgamma, dbeta, partials, partials + 8 * channels, invstd, channels);
  return 0;
}

/** dx = gamma * invstd * (dy - dbeta / count - xhat * dgamma / count); without dgamma and dbeta gamma * invstd * dy. */
export function inputGradient(
  h: Heap,
  dx: number,
  dy: number,
  x: number,
  mean: number,
  invstd: number,
  gamma: number,
  beta: number,
  dgamma: number,
  dbeta: number,
  scratch: number,
  batch: number,
  channels: number,
  spatial: number,
  count: number,
  activation: number,
  begin: number,
  end: number,
): void {
  if (!dgamma && !activation) {
    normalize(h, dx, dy, 0, 0, invstd, gamma, 0, scratch, batch, channels, spatial, 0, begin, end);
    return;
  }
  if (isEmpty(begin, end)) return;
  const at = slotsIn(scratch);
  const pitch = pitchOf(channels);
  affine(h, at, pitch, mean, invstd, gamma, beta, channels);
  if (dgamma) gradient(h, at, pitch, invstd, dgamma, dbeta, channels, count);
  const operation = dgamma ? loops.inputGradient[activation] : loops.frozenGradient[activation - 1];
  map(operation, h, dx, x, dy, at, pitch, batch, channels, spatial);
}

/** dz = dy where the activation passed y, else 0. */
export function maskGradient(
  h: Heap,
  dz: number,
  dy: number,
  y: number,
  batch: number,
  channels: number,
  spatial: number,
  activation: number,
  begin: number,
  end: number,
): void {
  if (isEmpty(begin, end)) return;
  const length = batch * channels * spatial;
  if (!activation) {
    h.copy(dz, dy, length);
    return;
  }
  const { floats: f } = h;
  const toDy = (dy >>> 2) - (y >>> 2);
  const toDz = (dz >>> 2) - (y >>> 2);
  for (let i = y >>> 2, last = i + length; i < last; i++) {
    CHOICE[1] = f[i + toDy];
    f[i + toDz] = CHOICE[+!holds(activation, f[i])];
  }
}
