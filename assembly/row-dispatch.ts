import { Identity, RELU, Relu } from "./activation";
import { INPUT_GRADIENT, InputGradient, NORMALIZE, Normalize, NormalizeAdd } from "./ops";
import * as blocks from "./row-blocks";
import * as float64 from "./row-float64";
import { CHOSEN, FLOAT64, Scratch } from "./scratch";
import { CENTRED, FLOAT64_ALL, GRADIENT, GradientTerms, Pivot, Powers, RAW, Zero } from "./terms";

/** Chooses the operation over blocks of rows, for the columns in [from, to). */

/**
 * Adds the values of groups of rows, in float32, to the float32 sums: for every four columns four first sums, then four
 * second ones.
 */
export function addRows(
  term: i32,
  sums: usize,
  a: usize,
  b: usize,
  toPassed: usize,
  coefficients: usize,
  width: usize,
  pitch: usize,
  groups: usize,
  from: usize,
  to: usize,
): void {
  if (term == RAW) blocks.reduce<Powers<Zero>>(sums, a, b, toPassed, coefficients, width, pitch, groups, from, to);
  else if (term == CENTRED)
    blocks.reduce<Powers<Pivot>>(sums, a, b, toPassed, coefficients, width, pitch, groups, from, to);
  else if (term == GRADIENT) {
    blocks.reduce<GradientTerms<Identity>>(sums, a, b, toPassed, coefficients, width, pitch, groups, from, to);
  } else blocks.reduce<GradientTerms<Relu>>(sums, a, b, toPassed, coefficients, width, pitch, groups, from, to);
}

/**
 * Adds the same in float64 to the float64 sums, two arrays of `width` f64: of all columns, or of the vectors with a
 * column that CHOSEN names.
 */
export function addRowsFloat64(
  term: i32,
  mode: i32,
  sums: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
  from: usize,
  to: usize,
): void {
  if (mode == FLOAT64_ALL) {
    if (term == RAW) float64.reduceRaw64(sums, a, width, pitch, rows, groups, from, to);
    else float64.reduceFloat64(term, sums, a, b, coefficients, width, pitch, rows, groups, from, to);
    return;
  }
  const flags = coefficients + Scratch.toThird(Scratch.pitch(width)) + 16 * CHOSEN;
  while (from < to) {
    const end = endOfRun(flags, from, to);
    // biome-ignore format: the arguments of one loop
    if (isNamed(flags, from)) {
      float64.reduceFloat64(term, sums, a, b, coefficients, width, pitch, rows, groups, from, end);
    }
    from = end;
  }
}

/** Whether one of four columns is named by the slot that begins at `flags`. */
function isNamed(flags: usize, c: usize): bool {
  return v128.any_true(v128.load(Scratch.record(flags, c)));
}

/** The end of the run of vectors from `from` on in which the slot names a column of each, or of none. */
function endOfRun(flags: usize, from: usize, to: usize): usize {
  const kind = isNamed(flags, from);
  do from += 4;
  while (from < to && isNamed(flags, from) == kind);
  return from;
}

/**
 * out = op(a, b); with `beyond`, the columns that FLOAT64 names are computed in float64. `toA`, `toB`: bytes from out
 * to the inputs.
 */
export function mapRows(
  op: i32,
  out: usize,
  toA: usize,
  toB: usize,
  coefficients: usize,
  beyond: bool,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
  from: usize,
  to: usize,
): void {
  const flags = coefficients + 16 * FLOAT64;
  while (from < to) {
    const end = beyond ? endOfRun(flags, from, to) : to;
    const mixed = beyond && isNamed(flags, from);
    if (mixed) float64.mapFloat64(op, out, toA, toB, coefficients, width, pitch, rows, groups, from, end);
    else mapFloat32(op, out, toA, toB, coefficients, width, pitch, rows, groups, from, end);
    from = end;
  }
}

function mapFloat32(
  op: i32,
  out: usize,
  toA: usize,
  toB: usize,
  k: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
  from: usize,
  to: usize,
): void {
  // biome-ignore-start format: one operation a line
  if (op == NORMALIZE) blocks.map<Normalize<Identity>>(op, out, toA, toB, k, width, pitch, rows, groups, from, to);
  else if (op == NORMALIZE + RELU)
    blocks.map<Normalize<Relu>>(op, out, toA, toB, k, width, pitch, rows, groups, from, to);
  else if (op < INPUT_GRADIENT)
    blocks.map<NormalizeAdd<Identity>>(op, out, toA, toB, k, width, pitch, rows, groups, from, to);
  else if (op == INPUT_GRADIENT)
    blocks.map<InputGradient<Identity>>(op, out, toA, toB, k, width, pitch, rows, groups, from, to);
  else blocks.map<InputGradient<Relu>>(op, out, toA, toB, k, width, pitch, rows, groups, from, to);
  // biome-ignore-end format: one operation a line
}
