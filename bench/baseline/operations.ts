/**
 * The operations of the baseline on each value. Everything per channel is folded into the coefficients. That is the
 * fastest form in JavaScript, but less exact in channels far from zero. Arithmetic is float64 on float32 values,
 * because V8 has no float32 arithmetic for JavaScript. Math.fround only adds conversions; sums take 2.3 times as long
 * with it.
 */
import type { Operation } from "../../scripts/loops/operation.js";

/** Sums of x - mean and of its square. Here mean is the first value of the channel, so that no large values cancel. */
export { deviations } from "../../scripts/loops/operations.js";

/** y = x * scale + shift. */
export const affine: Operation = {
  elements: ["out", "x"],
  coefficients: ["scale", "shift"],
  steps: [({ out, x, scale, shift }) => `${out} = ${x} * ${scale} + ${shift};`],
  terms: [],
};

/** Sums of dy and of dy * x. Products of two float32 are exact in float64, so the mean is subtracted afterwards. */
export const gradientSums: Operation = {
  elements: ["dy", "x"],
  coefficients: [],
  steps: [({ id, dy, x }) => `const g${id} = ${dy}, h${id} = g${id} * ${x};`],
  terms: [({ id }) => `g${id}`, ({ id }) => `h${id}`],
};

/** dx = dy * scale + x * slope + shift: the three terms of the textbook. */
export const inputGradient: Operation = {
  elements: ["out", "dy", "x"],
  coefficients: ["scale", "slope", "shift"],
  steps: [({ out, dy, x, scale, slope, shift }) => `${out} = ${dy} * ${scale} + ${x} * ${slope} + ${shift};`],
  terms: [],
};
