import { Identity, Relu } from "./activation";
import {
  affineCoefficients,
  gradientCoefficients,
  MEAN,
  OFFSET,
  Remainder,
  SCALE,
  Scratch,
  SLOPE,
} from "./coefficients";
import { NARROW, unfold, widthOf } from "./fold";
import { normalizePlanes } from "./normalize";
import { ActivationGradient } from "./operations";
import * as planes from "./planes";
import { gradientPrecisely } from "./precise";
import * as rows from "./rows";
import { Pair, Vector } from "./vector";

/** The terms of dbeta = sum(dy) and dgamma = sum(dy * (x - mean)) * invstd, dy behind the activation. */
@unmanaged
class GradientTerms<Activation extends ActivationGradient> {
  @inline
  slots(): i32 {
    return (1 << MEAN) | changetype<Activation>(0).slots();
  }

  @inline
  readsB(): bool {
    return true;
  }

  @inline
  first(x: v128, dy: v128, mean: v128, scale: v128, shift: v128): v128 {
    return changetype<Activation>(0).gradient(dy, x, mean, scale, shift);
  }

  @inline
  second(dy: v128, x: v128, mean: v128): v128 {
    return f32x4.mul(dy, f32x4.sub(x, mean));
  }
}

/** dx = gamma * invstd * (dy - dbeta / m - xhat * dgamma / m), evaluated as ((dy - OFFSET) - (x - MEAN) * SLOPE) * SCALE. */
@unmanaged
class InputGradient<Activation extends ActivationGradient> {
  @inline
  slots(): i32 {
    return (1 << MEAN) | (1 << SCALE) | (1 << OFFSET) | (1 << SLOPE) | changetype<Activation>(0).slots();
  }

  @inline
  readsB(): bool {
    return true;
  }

  @inline
  of(x: v128, dy: v128, mean: v128, scale: v128, shift: v128, offset: v128, slope: v128, _floor: v128): v128 {
    const activation = changetype<Activation>(0);
    const passed = activation.gradient(dy, x, mean, scale, shift);
    const throughX = activation.throughX(f32x4.mul(f32x4.sub(x, mean), slope), slope);
    return f32x4.mul(f32x4.sub(f32x4.sub(passed, offset), throughX), scale);
  }
}

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
  if (!k) {
    gradientPrecisely(
      0,
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
      1,
      relu,
      0,
      channels,
    );
    return;
  }
  Scratch.clearSums(scratch, width);
  if (spatial < NARROW) {
    const total = batch * channels * spatial;
    if (relu) rows.reduce<GradientTerms<Relu>>(scratch, x, dy, k, total, width);
    else rows.reduce<GradientTerms<Identity>>(scratch, x, dy, k, total, width);
    unfold(scratch, width, channels, spatial);
    unfold(Scratch.second(scratch, width), width, channels, spatial);
  } else {
    if (relu) planes.reduce<GradientTerms<Relu>>(scratch, x, dy, k, batch, channels, spatial);
    else planes.reduce<GradientTerms<Identity>>(scratch, x, dy, k, batch, channels, spatial);
  }
  finish(dgamma, dbeta, scratch, mean, invstd, width, channels);
  for (let c: usize = 0; c < channels; c++) {
    const sum = load<f64>(dgamma + (c << 3));
    // Not finite: float32 may have overflowed on the way.
    if (isFinite(sum)) continue;
    gradientPrecisely(0, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, batch, channels, spatial, 1, relu, c, c + 1);
  }
}

/** dbeta is the first sum; dgamma = (the second - the mean's low part * dbeta) * invstd. */
function finish(
  dgamma: usize,
  dbeta: usize,
  sums: usize,
  mean: usize,
  invstd: usize,
  width: usize,
  channels: usize,
): void {
  for (let c: usize = 0; c < channels; c += 2) {
    const left = channels - c;
    const at = c << 3;
    const first = Pair.load(sums + at, left);
    const second = Pair.load(Scratch.second(sums, width) + at, left);
    const centred = f64x2.sub(second, Remainder.times(Pair.load(mean + at, left), first));
    const i = Pair.load(invstd + at, left);
    Pair.store(dbeta + at, first, left);
    // 0 where invstd is, even if the sum is infinite.
    Pair.store(dgamma + at, v128.and(f64x2.mul(centred, i), f64x2.ne(i, Vector.zero(i))), left);
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
    normalizePlanes(dx, dy, 0, invstd, gamma, 0, scratch, batch, channels, spatial, -Infinity);
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
  } else if (spatial < NARROW) {
    const total = batch * channels * spatial;
    if (relu) rows.map<InputGradient<Relu>>(dx, x, dy, k, total, width, 0);
    else rows.map<InputGradient<Identity>>(dx, x, dy, k, total, width, 0);
  } else {
    if (relu) planes.map<InputGradient<Relu>>(dx, x, dy, k, batch, channels, spatial, 0);
    else planes.map<InputGradient<Identity>>(dx, x, dy, k, batch, channels, spatial, 0);
  }
}
