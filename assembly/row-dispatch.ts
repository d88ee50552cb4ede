import { Identity, Relu } from "./activation";
import {
  DEVIATION,
  Deviation,
  GRADIENT,
  GradientTerms,
  INPUT_GRADIENT,
  InputGradient,
  NORMALIZE,
  NORMALIZE_RELU,
  Normalize,
  RAW,
  Raw,
  WIDE,
} from "./ops";
import { map, reduce, reduceWide } from "./row-blocks";
import { GROUP, ROWS_PER_BLOCK_ONE_INPUT } from "./row-columns";

/** Chooses the operation over blocks of rows. */

/** Rows in a group of a reduction. */
export function groupOf(term: i32): usize {
  return term <= WIDE ? ROWS_PER_BLOCK_ONE_INPUT : GROUP;
}

export function addRows(
  term: i32,
  blocks: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
): void {
  if (term == RAW) reduce<Raw>(blocks, a, b, coefficients, width, pitch, groups);
  else if (term == WIDE) reduceWide(blocks, a, width, pitch, rows, groups);
  else if (term == DEVIATION) reduce<Deviation>(blocks, a, b, coefficients, width, pitch, groups);
  else if (term == GRADIENT) reduce<GradientTerms<Identity>>(blocks, a, b, coefficients, width, pitch, groups);
  else reduce<GradientTerms<Relu>>(blocks, a, b, coefficients, width, pitch, groups);
}

export function mapRows(
  op: i32,
  out: usize,
  toA: usize,
  toB: usize,
  coefficients: usize,
  width: usize,
  pitch: usize,
  rows: usize,
  groups: usize,
): void {
  if (op == NORMALIZE) map<Normalize<Identity>>(out, toA, toB, coefficients, width, pitch, rows, groups);
  else if (op == NORMALIZE_RELU) map<Normalize<Relu>>(out, toA, toB, coefficients, width, pitch, rows, groups);
  else if (op == INPUT_GRADIENT) map<InputGradient<Identity>>(out, toA, toB, coefficients, width, pitch, rows, groups);
  else map<InputGradient<Relu>>(out, toA, toB, coefficients, width, pitch, rows, groups);
}
