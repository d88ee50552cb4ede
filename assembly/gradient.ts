import { affineCoefficients, gradientCoefficients, Remainder, Scratch } from "./coefficients";
import { widthOf } from "./fold";
import { GRADIENT, GRADIENT_RELU, INPUT_GRADIENT, INPUT_GRADIENT_RELU } from "./instances";
import { map, reduce } from "./loops";
import { normalizePlanes } from "./normalize";
import { gradientPrecisely } from "./precise";
import { Pair, Vector } from "./vector";

/** dbeta = sum(dy), dgamma = sum(dy * xhat), dy behind the activation. */
export function gradientSumsPlanes(
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
    gradientPrecisely(0, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, batch, channels, spatial, 1, relu, c, c + 1);
  }
}

/** dbeta is the first sum; dgamma = (the second - the mean's low part * dbeta) * invstd. */
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
    const centred = f64x2.sub(second, Remainder.times(Pair.load(mean + at, next), first));
    const i = Pair.load(invstd + at, next);
    Pair.store(dbeta + at, first, next);
    // 0 where invstd is, even if the sum is infinite.
    Pair.store(dgamma + at, v128.and(f64x2.mul(centred, i), f64x2.ne(i, Vector.zero(i))), next);
  }
}

/** With dgamma 0 (absent) mean and variance are constants: dx = gamma * invstd * dy. */
export function inputGradientPlanes(
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
    normalizePlanes(dx, dy, 0, invstd, gamma, 0, scratch, batch, channels, spatial, false);
    return;
  }
  const width = widthOf(batch, channels, spatial);
  const k = gradientCoefficients(scratch, width, mean, invstd, gamma, beta, dgamma, dbeta, channels, spatial, count);
  if (!k) {
    gradientPrecisely(
      dx,
      dy,
      x,
      mean,
      invstd,
      gamma,
      beta,
      dgamma,
      dbeta,
      batch,
      channels,
      spatial,
      count,
      relu,
      0,
      channels,
    );
  } else {
    map(relu ? INPUT_GRADIENT_RELU : INPUT_GRADIENT, dx, x, dy, k, width, batch, channels, spatial);
  }
}
