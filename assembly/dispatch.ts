import { Identity, Relu } from "./activation";
import { Scratch } from "./coefficients";
import { NARROW, unfold } from "./fold";
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
} from "./ops";
import * as planes from "./planes";
import * as rows from "./rows";

/** A reduction and a map over either shape of memory: planes, or rows and planes too narrow for vectors. */

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

/** Adds the sums of the term's two values over each channel to its first and second sum. */
export function reduce(
  term: i32,
  sums: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  width: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  if (spatial < NARROW) {
    rows.reduce(term, sums, a, b, coefficients, batch * channels * spatial, width);
    unfold(sums, width, channels, spatial);
    unfold(Scratch.seconds(sums, width), width, channels, spatial);
  } else {
    reducePlanes(term, sums, a, b, coefficients, batch, channels, spatial);
  }
}

/** out = op(a, b); out may be a or b. */
export function map(
  op: i32,
  out: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  width: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  if (spatial < NARROW) rows.map(op, out, a, b, coefficients, batch * channels * spatial, width);
  else mapPlanes(op, out, a, b, coefficients, batch, channels, spatial);
}
