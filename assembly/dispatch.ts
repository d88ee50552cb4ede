import { Identity, RELU, Relu } from "./activation";
import { isRows, unfold } from "./fold";
import { INPUT_GRADIENT, InputGradient, NORMALIZE, Normalize, NormalizeAdd } from "./ops";
import { batchParts, Part } from "./parts";
import * as planes from "./planes";
import * as rows from "./rows";
import { CHOSEN, Scratch } from "./scratch";
import { FLOAT64_ALL, GRADIENT, GradientTerms, Powers, RAW, Zero } from "./terms";
import { Vector } from "./vector";

/**
 * A reduction and a map over some parts of either shape of memory: planes, or rows and planes too small for loops of
 * their own.
 */

/** Whether `reduce` may be given `passed` without a loss of time. */
export function canStore(batch: usize, channels: usize, spatial: usize, width: usize): bool {
  return !isRows(batch, spatial) || rows.canStore(batch * channels * spatial, width);
}

/**
 * The sums of the term's two values over each channel, in the parts from `begin` to `end`. The mode is float32, or
 * float64 of some channels or of all.
 *
 * partials: per part of the batch 2 arrays of `channels` f64, `Scratch.seconds` apart; a, b: batch x channels x spatial
 * float32; passed: as many for the first values behind an activation, in float32, or 0 (absent); scratch: coefficients
 * of `width` columns.
 */
export function reduce(
  term: i32,
  mode: i32,
  partials: usize,
  a: usize,
  b: usize,
  passed: usize,
  scratch: usize,
  width: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  begin: usize,
  end: usize,
): void {
  const from = Part.firstChannel(begin, batch, channels, spatial);
  const to = Part.endChannel(end, batch, channels, spatial);
  if (begin >= end || from >= to) return;
  const count = batchParts(batch, channels, spatial);
  // Where channels are split this is one part.
  const last = count > 1 ? min(end, count) : 1;
  for (let part = count > 1 ? begin : 0; part < last; part++) {
    const first = Part.firstSample(part, batch, channels, spatial);
    const samples = count > 1 ? Part.endSample(part + 1, batch, channels, spatial) - first : batch;
    const skipped = (first * channels * spatial) << 2;
    const sums = partials + (Scratch.pitch(channels) << 2) * part;
    // biome-ignore format: the arguments of one function
    reducePart(
      term, mode, sums, a + skipped, b + skipped, passed ? passed + skipped : 0, scratch, width, batch, samples,
      channels, spatial, from, to,
    );
  }
}

/** One part: `samples` samples from a and b on, and the channels in [from, to). sums: 2 arrays of `channels` f64. */
function reducePart(
  term: i32,
  mode: i32,
  sums: usize,
  a: usize,
  b: usize,
  passed: usize,
  scratch: usize,
  width: usize,
  batch: usize,
  samples: usize,
  channels: usize,
  spatial: usize,
  from: usize,
  to: usize,
): void {
  const folded = isRows(batch, spatial) && width != channels;
  const target = folded ? Scratch.sums(scratch, Scratch.pitch(width)) : sums;
  if (folded) {
    from = 0;
    to = width;
  }
  if (!isRows(batch, spatial)) {
    Vector.clear(target + (from << 3), Scratch.pitch(width) << 1, to - from);
    reducePlanes(term, mode, target, a, b, passed, scratch, samples, channels, spatial, from, to);
    return;
  }
  rows.reduce(term, mode, target, a, b, passed, scratch, samples * channels * spatial, width, from, to);
  if (!folded) return;
  unfold(sums, target, width, channels, spatial);
  const toSeconds = Scratch.pitch(channels) << 1;
  unfold(sums + toSeconds, Scratch.seconds(target, Scratch.pitch(width)), width, channels, spatial);
}

/**
 * Sums over planes in address order: channel by channel across the samples takes 1.7 times as long once the data
 * exceeds the cache.
 */
function reducePlanes(
  term: i32,
  mode: i32,
  sums: usize,
  a: usize,
  b: usize,
  passed: usize,
  scratch: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  from: usize,
  to: usize,
): void {
  const pitch = Scratch.pitch(channels);
  const delta = b - a;
  const toPassed = passed ? passed - a : 0;
  const skipped = (channels - (to - from)) * (spatial << 2);
  a += from * (spatial << 2);
  for (; batch; batch--) {
    for (let c = from; c < to; c++) {
      const sum = sums + (c << 3);
      const k = Scratch.column(scratch, c);
      if (mode == FLOAT64_ALL) planes.reduceRaw64(sum, a, pitch, spatial);
      else if (mode) {
        if (load<i32>(k + Scratch.toThird(pitch), 16 * CHOSEN)) {
          planes.reduceFloat64(term, sum, a, delta, scratch, c, pitch, spatial);
        }
      } else if (term == RAW) planes.reduce<Powers<Zero>>(sum, a, delta, toPassed, k, pitch, spatial);
      else if (term == GRADIENT) planes.reduce<GradientTerms<Identity>>(sum, a, delta, toPassed, k, pitch, spatial);
      else planes.reduce<GradientTerms<Relu>>(sum, a, delta, toPassed, k, pitch, spatial);
      a += spatial << 2;
    }
    a += skipped;
  }
}

/**
 * out = op(a, b) in the parts from `begin` to `end`; with `beyond`, the channels that FLOAT64 names are computed in
 * float64. out may be a or b.
 *
 * out, a, b: batch x channels x spatial float32; scratch: coefficients of `width` columns.
 */
export function map(
  op: i32,
  out: usize,
  a: usize,
  b: usize,
  scratch: usize,
  width: usize,
  beyond: bool,
  batch: usize,
  channels: usize,
  spatial: usize,
  begin: usize,
  end: usize,
): void {
  const first = Part.firstSample(begin, batch, channels, spatial);
  const last = Part.endSample(end, batch, channels, spatial);
  const from = Part.firstChannel(begin, batch, channels, spatial);
  const to = Part.endChannel(end, batch, channels, spatial);
  if (begin >= end || first >= last || from >= to) return;
  const samples = last - first;
  const skipped = (first * channels * spatial) << 2;
  out += skipped;
  a += skipped;
  b += skipped;
  if (isRows(batch, spatial)) {
    const total = samples * channels * spatial;
    const all = width != channels;
    rows.map(op, out, a, b, scratch, beyond, total, width, all ? <usize>0 : from, all ? width : to);
  } else mapPlanes(op, out, a, b, scratch, beyond, samples, channels, spatial, from, to);
}

function mapPlanes(
  op: i32,
  out: usize,
  a: usize,
  b: usize,
  k: usize,
  beyond: bool,
  batch: usize,
  channels: usize,
  spatial: usize,
  from: usize,
  to: usize,
): void {
  // biome-ignore-start format: one operation a line
  if (op == NORMALIZE) planes.map<Normalize<Identity>>(op, out, a, b, k, beyond, batch, channels, spatial, from, to);
  else if (op == NORMALIZE + RELU)
    planes.map<Normalize<Relu>>(op, out, a, b, k, beyond, batch, channels, spatial, from, to);
  else if (op < INPUT_GRADIENT)
    planes.map<NormalizeAdd<Identity>>(op, out, a, b, k, beyond, batch, channels, spatial, from, to);
  else if (op == INPUT_GRADIENT)
    planes.map<InputGradient<Identity>>(op, out, a, b, k, beyond, batch, channels, spatial, from, to);
  else planes.map<InputGradient<Relu>>(op, out, a, b, k, beyond, batch, channels, spatial, from, to);
  // biome-ignore-end format: one operation a line
}
