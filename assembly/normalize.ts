import { affineCoefficients, MEAN, SCALE, SHIFT } from "./coefficients";
import { NARROW, widthOf } from "./fold";
import * as planes from "./planes";
import { normalizePrecisely } from "./precise";
import * as rows from "./rows";

/** y = max((x - MEAN) * SCALE + SHIFT, floor) = activation((x - mean) * invstd * gamma + beta). */
@unmanaged
export class Normalize {
  @inline
  slots(): i32 {
    return (1 << MEAN) | (1 << SCALE) | (1 << SHIFT);
  }

  @inline
  readsB(): bool {
    return false;
  }

  @inline
  of(x: v128, _b: v128, mean: v128, scale: v128, shift: v128, _k3: v128, _k4: v128, floor: v128): v128 {
    return f32x4.pmax(f32x4.add(f32x4.mul(f32x4.sub(x, mean), scale), shift), floor);
  }
}

/** `floor` is 0 for ReLU, -Infinity for no activation. */
export function normalizePlanes(
  y: usize,
  x: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  floor: f32,
): void {
  const width = widthOf(batch, channels, spatial);
  const k = affineCoefficients(scratch, width, mean, invstd, gamma, beta, channels, spatial);
  if (!k) normalizePrecisely(y, x, mean, invstd, gamma, beta, batch, channels, spatial, floor);
  else if (spatial < NARROW) rows.map<Normalize>(y, x, x, k, batch * channels * spatial, width, floor);
  else planes.map<Normalize>(y, x, x, k, batch, channels, spatial, floor);
}
