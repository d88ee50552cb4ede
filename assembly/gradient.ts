import { affineCoefficients, gradientCoefficients, Scratch } from "./coefficients";
import { map, reduce } from "./dispatch";
import { gradientFloat64 } from "./float64";
import { widthOf } from "./fold";
import { normalize } from "./normalize";
import { GRADIENT, GRADIENT_RELU, INPUT_GRADIENT, INPUT_GRADIENT_RELU } from "./ops";
import { LowPart, Pair, Vector } from "./vector";

/**
 * dbeta = sum(dy), dgamma = sum(dy * xhat), dy behind the activation.
 *
 * dgamma, dbeta, mean, invstd: channels f64; dy, x: batch x channels x spatial float32; gamma, beta: channels float32, or 0;
 * scratch: scratchBytes(channels) bytes.
 */
export function gradientSums(
  dgamma: usize,
  dbeta: usize,
  dy: usize,
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
  if (k) {
    Scratch.clearSums(scratch, width);
    reduce(relu ? GRADIENT_RELU : GRADIENT, scratch, x, dy, k, width, batch, channels, spatial);
    finish(dgamma, dbeta, scratch, width, mean, invstd, channels);
  }
  for (let c: usize = 0; c < channels; c++) {
    // Not finite: float32 may have overflowed on the way.
    if (k && isFinite(load<f64>(dgamma + (c << 3)))) continue;
    gradientFloat64(0, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, batch, channels, spatial, 1, relu, c, c + 1);
  }
}

/**
 * dbeta is the first sum; dgamma = (the second - the mean's low part * dbeta) * invstd. All arrays: channels f64, `sums` two of
 * them.
 */
function finish(
  dgamma: usize,
  dbeta: usize,
  sums: usize,
  width: usize,
  mean: usize,
  invstd: usize,
  channels: usize,
): void {
  const toSeconds = Scratch.seconds(0, width);
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    const at = c << 3;
    const first = v128.load(sums + at);
    const second = v128.load(sums + toSeconds + at);
    const centred = f64x2.sub(second, LowPart.times(Pair.load(mean + at, next), first));
    const i = Pair.load(invstd + at, next);
    Pair.store(dbeta + at, first, next);
    // 0 where invstd is, even if the sum is infinite.
    Pair.store(dgamma + at, v128.and(f64x2.mul(centred, i), f64x2.ne(i, Vector.zero(i))), next);
  }
}

/**
 * dx = gamma * invstd * (dy - dbeta / m - xhat * dgamma / m). With dgamma 0 (absent) mean and variance are constants:
 * dx = gamma * invstd * dy.
 *
 * dx, dy, x: batch x channels x spatial float32; mean, invstd, dgamma, dbeta: channels f64; gamma, beta: channels float32, or 0;
 * scratch: scratchBytes(channels) bytes.
 */
export function inputGradient(
  dx: usize,
  dy: usize,
  x: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  dgamma: usize,
  dbeta: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  count: f64,
  relu: bool,
): void {
  if (!dgamma && !relu) {
    normalize(dx, dy, 0, invstd, gamma, 0, scratch, batch, channels, spatial, false);
    return;
  }
  const width = widthOf(batch, channels, spatial);
  const k = gradientCoefficients(scratch, width, mean, invstd, gamma, beta, dgamma, dbeta, channels, spatial, count);
  if (k) {
    map(relu ? INPUT_GRADIENT_RELU : INPUT_GRADIENT, dx, x, dy, k, width, batch, channels, spatial);
    return;
  }
  // biome-ignore format: the arguments of one kernel
  gradientFloat64(dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, batch, channels, spatial, count, relu, 0, channels);
}
