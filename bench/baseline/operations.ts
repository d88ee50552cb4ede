/**
 * The four computations that touch every element, as text for the loop generators in planes.ts and rows.ts.
 * An operation stores one value per element, or sums terms per channel. Arithmetic is float64 on float32 elements:
 * V8 has no float32 arithmetic for JavaScript, Math.fround only adds conversions (2.3x slower sums here).
 */
export interface Operation {
  /** Arrays with one float32 per element. */
  readonly elements: readonly string[];
  /** Arrays with one float64 per channel, read once per run of elements. */
  readonly coefficients: readonly string[];
  /** Code for one element: `at` is its index, `id` makes local names unique, `channel` selects the coefficients. */
  readonly step: (at: string, id: string, channel: string) => string;
  /** Terms that are summed per channel, written with the locals of `step`; empty where `step` stores. */
  readonly terms: readonly ((id: string) => string)[];
}

/** Sums of x - pivot and of its square; the pivot is the channel's first value, so nothing large cancels. */
export const deviations: Operation = {
  elements: ["x"],
  coefficients: ["pivot"],
  step: (at, id, channel) => `const d${id} = x[${at}] - pivot${channel};`,
  terms: [(id) => `d${id}`, (id) => `d${id} * d${id}`],
};

/** y = x·scale + shift; in float64 the folded shift is exact enough at any mean. */
export const affine: Operation = {
  elements: ["y", "x"],
  coefficients: ["scale", "shift"],
  step: (at, _id, channel) => `y[${at}] = x[${at}] * scale${channel} + shift${channel};`,
  terms: [],
};

/** Sums of dy and of dy·x; products of two float32 are exact in float64, so the mean is subtracted afterwards. */
export const gradientSums: Operation = {
  elements: ["dy", "x"],
  coefficients: [],
  step: (at, id) => `const g${id} = dy[${at}], h${id} = g${id} * x[${at}];`,
  terms: [(id) => `g${id}`, (id) => `h${id}`],
};

/** dx = dy·scale + x·slope + shift: the textbook's three terms with everything per channel folded. */
export const inputGradient: Operation = {
  elements: ["dx", "dy", "x"],
  coefficients: ["scale", "slope", "shift"],
  step: (at, _id, channel) => `dx[${at}] = dy[${at}] * scale${channel} + x[${at}] * slope${channel} + shift${channel};`,
  terms: [],
};
