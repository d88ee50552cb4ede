import { Check } from "./check";
import { affineChannels } from "./coefficients";
import { map } from "./dispatch";
import { widthOf } from "./fold";
import { NORMALIZE, NORMALIZE_ADD } from "./ops";
import { Part } from "./parts";
import { AFFINE, IN_FLOAT64, Scratch, spreadCoefficients } from "./scratch";

/**
 * y = activation((x - mean) * invstd * gamma + beta + residual), in the parts from `begin` to `end`.
 *
 * y, x, residual: batch x channels x spatial float32; mean, invstd: channels f64; gamma, beta: channels float32.
 * residual, mean, gamma and beta may be 0 (absent: 0, 0, 1 and 0).
 */
export function normalize(
  y: usize,
  x: usize,
  residual: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  activation: i32,
  begin: usize,
  end: usize,
): void {
  Check.extents(batch, channels, spatial);
  Check.step(batch * channels * spatial, y, x, residual);
  Check.doubles(channels, mean, invstd);
  Check.floats(channels, gamma, beta);
  const width = widthOf(batch, channels, spatial);
  const from = Part.firstChannel(begin, batch, channels, spatial);
  const to = Part.endChannel(end, batch, channels, spatial);
  const beyond = affineChannels(mean, invstd, 0, gamma, beta, scratch, Scratch.pitch(width), 0, from, to);
  applyAffine(y, x, residual, scratch, width, beyond, batch, channels, spatial, activation, begin, end);
}

/**
 * y by the affine coefficients in the scratch, in the parts from `begin` to `end`; with `beyond` float32 does not hold
 * those of some channels. Arrays as above; residual may be 0 (absent).
 */
export function applyAffine(
  y: usize,
  x: usize,
  residual: usize,
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
  spreadCoefficients(AFFINE | (beyond ? IN_FLOAT64 : 0), scratch, width, channels, spatial);
  const op = (residual ? NORMALIZE_ADD : NORMALIZE) + activation;
  map(op, y, x, residual ? residual : x, scratch, width, beyond, batch, channels, spatial, begin, end);
}
