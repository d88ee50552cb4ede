import { affineCoefficients } from "./coefficients";
import { map } from "./dispatch";
import { normalizeFloat64 } from "./float64";
import { widthOf } from "./fold";
import { NORMALIZE, NORMALIZE_RELU } from "./ops";

/**
 * y = activation((x - mean) * invstd * gamma + beta).
 *
 * y, x: batch x channels x spatial float32; mean, invstd: channels f64; gamma, beta: channels float32, or 0; scratch:
 * scratchBytes(channels) bytes.
 */
export function normalize(
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
  else normalizeFloat64(y, x, mean, invstd, gamma, beta, batch, channels, spatial, relu ? 0 : -Infinity);
}
