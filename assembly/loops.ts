import { Scratch } from "./coefficients";
import { NARROW, unfold } from "./fold";
import { mapPlanes, reducePlanes } from "./instances";
import * as rows from "./rows";

/** A reduction and a map over either shape of memory: planes, or rows and planes too narrow for vectors. */

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
