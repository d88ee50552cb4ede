import { affineCoefficients } from "./coefficients";
import { widthOf } from "./fold";
import { NORMALIZE, NORMALIZE_RELU } from "./instances";
import { map } from "./loops";
import { normalizePrecisely } from "./precise";

/** y = activation((x - mean) * invstd * gamma + beta). */
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
  relu: bool,
): void {
  const width = widthOf(batch, channels, spatial);
  const k = affineCoefficients(scratch, width, mean, invstd, gamma, beta, channels, spatial);
  if (k) map(relu ? NORMALIZE_RELU : NORMALIZE, y, x, x, k, width, batch, channels, spatial);
  else normalizePrecisely(y, x, mean, invstd, gamma, beta, batch, channels, spatial, relu ? 0 : -Infinity);
}
