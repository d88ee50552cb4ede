import { Numbered } from "./activation";
import { Check } from "./check";
import { affineChannels, gradientChannels } from "./coefficients";
import { map, reduce } from "./dispatch";
import { isRows, widthOf } from "./fold";
import { normalize } from "./normalize";
import { INPUT_GRADIENT } from "./ops";
import { batchParts, Part, parts } from "./parts";
import { AFFINE, CHOSEN, FLOAT64, FLOAT64_Y, IN_FLOAT64, OF_DX, Scratch, spreadCoefficients } from "./scratch";
import { FLOAT32, FLOAT64_SOME, GRADIENT } from "./terms";

/**
 * dbeta = sum(dy), dgamma = sum(dy * xhat), dy behind the activation, per channel, as f64.
 *
 * Round 0 sums in float32. Where that may have lost digits or overflowed, dbeta is NaN after it, and round 1 sums the
 * channel in float64.
 */

/**
 * Sums of dy and dy * (x - MEAN) of the parts from `begin` to `end`; in round 1 of the channels whose dbeta is NaN.
 *
 * partials: `partialBytes` bytes; dy, x: batch x channels x spatial float32; mean, invstd, dbeta: channels f64; gamma,
 * beta: channels float32, or 0 (absent).
 */
export function gradientPartials(
  partials: usize,
  dy: usize,
  x: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  _dgamma: usize,
  dbeta: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  activation: i32,
  round: i32,
  begin: usize,
  end: usize,
): void {
  Check.extents(batch, channels, spatial);
  Check.floats(batch * channels * spatial, dy, x);
  Check.doubles(channels, mean, invstd, dbeta);
  Check.floats(channels, gamma, beta);
  const width = widthOf(batch, channels, spatial);
  const pitch = Scratch.pitch(width);
  const from = Part.firstChannel(begin, batch, channels, spatial);
  const to = Part.endChannel(end, batch, channels, spatial);
  const beyond = affineChannels(mean, invstd, 0, gamma, beta, scratch, pitch, 0, from, to);
  spreadCoefficients(AFFINE | (beyond ? IN_FLOAT64 : 0), scratch, width, channels, spatial);
  // biome-ignore format: the arguments of one function
  reduceGradient(
    partials, dy, x, 0, dbeta, scratch, width, beyond, batch, channels, spatial, activation, round, begin, end,
  );
}

/**
 * The same where the scratch already holds the coefficients of all columns; with `beyond`, FLOAT64_Y names channels
 * whose y is computed in float64. Behind an activation these are summed in round 1 only.
 */
export function reduceGradient(
  partials: usize,
  dy: usize,
  x: usize,
  passed: usize,
  dbeta: usize,
  scratch: usize,
  width: usize,
  beyond: bool,
  batch: usize,
  channels: usize,
  spatial: usize,
  activation: i32,
  round: i32,
  begin: usize,
  end: usize,
): void {
  if (round) chooseChannels(dbeta, scratch, width, beyond, channels, spatial);
  // biome-ignore format: the arguments of one function
  reduce(
    GRADIENT + activation, round ? FLOAT64_SOME : FLOAT32, partials, x, dy, round ? 0 : passed, scratch, width, batch,
    channels, spatial, begin, end,
  );
  if (!activation || !beyond || round) return;
  // The sums of a part of the batch, or those that all parts of the channels share.
  const sums = partials + (batchParts(batch, channels, spatial) > 1 ? (Scratch.pitch(channels) << 2) * begin : 0);
  const first = isRows(batch, spatial) ? spatial : 1;
  const to = Part.endChannel(end, batch, channels, spatial);
  for (let c = Part.firstChannel(begin, batch, channels, spatial); c < to; c++) {
    if (load<i32>(Scratch.column(scratch, c * first), 16 * FLOAT64)) store<f64>(sums + (c << 3), NaN);
  }
}

/** CHOSEN: the channels whose dbeta is NaN. Where nothing is beyond, what names channels in float64 is set to 0. */
function chooseChannels(
  dbeta: usize,
  scratch: usize,
  width: usize,
  beyond: bool,
  channels: usize,
  spatial: usize,
): void {
  const toThird = Scratch.toThird(Scratch.pitch(width));
  for (let c: usize = 0; c < channels; c++) {
    store<i32>(Scratch.column(scratch, c) + toThird, i32(isNaN(load<f64>(dbeta + (c << 3)))), 16 * CHOSEN);
  }
  spreadCoefficients(1 << CHOSEN, scratch, width, channels, spatial);
  if (beyond) return;
  for (let c: usize = 0; c < width; c += 4) {
    const record = Scratch.record(scratch, c);
    v128.store(record, i32x4.splat(0), 16 * FLOAT64);
    v128.store(record + toThird, i32x4.splat(0), 16 * FLOAT64_Y);
  }
}

/**
 * dx = gamma * invstd * (dy - dbeta / m - xhat * dgamma / m), in the parts from `begin` to `end`. With dgamma 0
 * (absent) mean and variance are constants: dx = gamma * invstd * dy.
 *
 * dx, dy, x: batch x channels x spatial float32; mean, invstd, dgamma, dbeta: channels f64; gamma, beta: channels
 * float32, or 0 (absent).
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
  activation: i32,
  begin: usize,
  end: usize,
): void {
  Check.extents(batch, channels, spatial);
  Check.step(batch * channels * spatial, dx, dy, x);
  Check.doubles(channels, mean, invstd, dgamma, dbeta);
  Check.floats(channels, gamma, beta);
  if (!dgamma && !activation) {
    normalize(dx, dy, 0, 0, invstd, gamma, 0, scratch, batch, channels, spatial, 0, begin, end);
    return;
  }
  const width = widthOf(batch, channels, spatial);
  const pitch = Scratch.pitch(width);
  const from = Part.firstChannel(begin, batch, channels, spatial);
  const to = Part.endChannel(end, batch, channels, spatial);
  const beyond = affineChannels(mean, invstd, 0, gamma, beta, scratch, pitch, 0, from, to);
  // biome-ignore format: the arguments of one function
  const all = gradientChannels(
    dgamma, dbeta, mean, invstd, gamma, beta, scratch, pitch, count, beyond, from, to,
  );
  spreadCoefficients(AFFINE, scratch, width, channels, spatial);
  applyGradient(dx, dy, x, scratch, width, all, batch, channels, spatial, activation, begin, end);
}

/** dx by the coefficients in the scratch, of which those of y are of all columns. */
export function applyGradient(
  dx: usize,
  dy: usize,
  x: usize,
  scratch: usize,
  width: usize,
  beyond: bool,
  batch: usize,
  channels: usize,
  spatial: usize,
  activation: i32,
  begin: usize,
  end: usize,
): void {
  spreadCoefficients(OF_DX | (beyond ? IN_FLOAT64 : 0), scratch, width, channels, spatial);
  map(INPUT_GRADIENT + activation, dx, x, dy, scratch, width, beyond, batch, channels, spatial, begin, end);
}

/**
 * dz = dy where the activation does not hold it back, else 0; without an activation a copy of dy. Of the parts from `begin` to `end`
 * each is a stretch of the memory here, whatever the other phases split.
 *
 * dz, dy, y: batch x channels x spatial float32.
 */
export function maskGradient(
  dz: usize,
  dy: usize,
  y: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  activation: i32,
  begin: usize,
  end: usize,
): void {
  Check.extents(batch, channels, spatial);
  Check.step(batch * channels * spatial, dz, dy, y);
  const count = parts(batch, channels, spatial);
  const values = batch * channels * spatial;
  const first = begin < count ? (values / count) * begin : values;
  const last = end < count ? (values / count) * end : values;
  if (first >= last) return;
  let at = first << 2;
  const stop = last << 2;
  if (!activation) {
    memory.copy(dz + at, dy + at, stop - at);
    return;
  }
  for (; stop - at >= 16; at += 16) {
    v128.store(dz + at, v128.andnot(v128.load(dy + at), Numbered.holds(activation, v128.load(y + at))));
  }
  for (; at < stop; at += 4) {
    const held = Numbered.holds(activation, v128.load32_zero(y + at));
    v128.store32_lane(dz + at, v128.andnot(v128.load32_zero(dy + at), held), 0);
  }
}
