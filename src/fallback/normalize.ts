import { affine } from "./channels.js";
import { map } from "./dispatch.js";
import type { Heap } from "./heap.js";
import * as loops from "./loops.js";
import { isEmpty } from "./parts.js";
import { pitchOf, slotsIn } from "./slots.js";

/** y = activation((x - mean) * invstd * gamma + beta + residual). */
export function normalize(
  h: Heap,
  y: number,
  x: number,
  residual: number,
  mean: number,
  invstd: number,
  gamma: number,
  beta: number,
  scratch: number,
  batch: number,
  channels: number,
  spatial: number,
  activation: number,
  begin: number,
  end: number,
): void {
  if (isEmpty(begin, end)) return;
  const at = slotsIn(scratch);
  const pitch = pitchOf(channels);
  affine(h, at, pitch, mean, invstd, gamma, beta, channels);
  map(
    (residual ? loops.normalizeResidual : loops.normalize)[activation],
    h,
    y,
    x,
    residual || x,
    at,
    pitch,
    batch,
    channels,
    spatial,
  );
}
