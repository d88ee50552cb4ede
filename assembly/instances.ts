import { Identity, Relu } from "./activation";
import { Deviation, GradientTerms, InputGradient, Normalize, Raw } from "./formulas";
import * as group from "./groups";
import * as planes from "./planes";

/** The loops' instances by number, so that what surrounds an inner loop is not there once an instance. */

/** Terms. */
export const RAW: i32 = 0;
/** Those of RAW in f64 throughout; of rows only. */
export const WIDE: i32 = 1;
export const DEVIATION: i32 = 2;
export const GRADIENT: i32 = 3;
export const GRADIENT_RELU: i32 = 4;

/** Ops. */
export const NORMALIZE: i32 = 0;
export const NORMALIZE_RELU: i32 = 1;
export const INPUT_GRADIENT: i32 = 2;
export const INPUT_GRADIENT_RELU: i32 = 3;

/** Rows in a group of a reduction. */
export function groupOf(term: i32): usize {
  return term <= WIDE ? group.GROUP_OF_ONE : group.GROUP;
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
  if (term == RAW) group.reduce<Raw>(blocks, a, b, coefficients, width, pitch, groups);
  else if (term == WIDE) group.reduceWide(blocks, a, width, pitch, rows, groups);
  else if (term == DEVIATION) group.reduce<Deviation>(blocks, a, b, coefficients, width, pitch, groups);
  else if (term == GRADIENT) group.reduce<GradientTerms<Identity>>(blocks, a, b, coefficients, width, pitch, groups);
  else group.reduce<GradientTerms<Relu>>(blocks, a, b, coefficients, width, pitch, groups);
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
  if (op == NORMALIZE) group.map<Normalize<Identity>>(out, toA, toB, coefficients, width, pitch, rows, groups);
  else if (op == NORMALIZE_RELU) group.map<Normalize<Relu>>(out, toA, toB, coefficients, width, pitch, rows, groups);
  else if (op == INPUT_GRADIENT)
    group.map<InputGradient<Identity>>(out, toA, toB, coefficients, width, pitch, rows, groups);
  else group.map<InputGradient<Relu>>(out, toA, toB, coefficients, width, pitch, rows, groups);
}

export function reducePlanes(
  term: i32,
  sums: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  if (term == RAW) planes.reduce<Raw>(sums, a, b, coefficients, batch, channels, spatial);
  else if (term == DEVIATION) planes.reduce<Deviation>(sums, a, b, coefficients, batch, channels, spatial);
  else if (term == GRADIENT) planes.reduce<GradientTerms<Identity>>(sums, a, b, coefficients, batch, channels, spatial);
  else planes.reduce<GradientTerms<Relu>>(sums, a, b, coefficients, batch, channels, spatial);
}

export function mapPlanes(
  op: i32,
  out: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  if (op == NORMALIZE) planes.map<Normalize<Identity>>(out, a, b, coefficients, batch, channels, spatial);
  else if (op == NORMALIZE_RELU) planes.map<Normalize<Relu>>(out, a, b, coefficients, batch, channels, spatial);
  else if (op == INPUT_GRADIENT) planes.map<InputGradient<Identity>>(out, a, b, coefficients, batch, channels, spatial);
  else planes.map<InputGradient<Relu>>(out, a, b, coefficients, batch, channels, spatial);
}
