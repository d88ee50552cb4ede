import type { Code, Operation } from "./operation.js";

/** The operations of the fallback. An operation that is another one with a difference states the difference alone. */

/** How much of it one iteration does, found by trial. */
export interface Unrolled {
  /** Over planes: values. */
  readonly values: number;
}

/** What is summed per channel. */
export interface Reduction extends Operation, Unrolled {
  /** Over rows: the height and width of a group. */
  readonly group: readonly [rows: number, columns: number];
}

/** What is stored for each value. */
export interface Mapping extends Operation, Unrolled {
  /** Whether rows are done in tiles. If not, all columns are done as those that fill no tile. */
  readonly tiles: boolean;
}

const deviation: Code = ({ x, mean }) => `${x} - ${mean}`;
const normalized: Code = (names) => `(${deviation(names)}) * ${names.scale} + ${names.shift}`;

/** Declares d = x - mean. */
const declareDeviation: Code = (names) => `const d${names.id} = ${deviation(names)};`;
/**
 * Declares g = dy behind ReLU: 0 where the y of forward, as the float32 that was stored, is not positive. It passes where
 * y is NaN.
 */
const declareMasked: Code = ({ id, scale, shift, dy }) =>
  `const g${id} = d${id} * ${scale} + ${shift} <= VANISHING ? 0 : ${dy};`;

/** Sums of x - mean and of its square. */
export const deviations: Reduction = {
  elements: ["x"],
  coefficients: ["mean"],
  steps: [declareDeviation],
  terms: [({ id }) => `d${id}`, ({ id }) => `d${id} * d${id}`],
  values: 8,
  group: [8, 4],
};

/** Sums of dy and dy * (x - mean). */
export const gradientSums: Reduction = {
  elements: ["dy", "x"],
  coefficients: ["mean"],
  steps: [({ id, dy }) => `const g${id} = ${dy};`],
  terms: [({ id }) => `g${id}`, (names) => `g${names.id} * (${deviation(names)})`],
  values: 8,
  group: [4, 4],
};

/** The same of dy behind ReLU. Its branches cost more than iterations: more values in each do not make it faster. */
export const gradientSumsRelu: Reduction = {
  ...gradientSums,
  coefficients: ["mean", "scale", "shift"],
  steps: [declareDeviation, declareMasked],
  terms: [({ id }) => `g${id}`, ({ id }) => `g${id} * d${id}`],
  values: 4,
  group: [4, 1],
};

/** y = (x - mean) * scale + shift. */
export const normalize: Mapping = {
  elements: ["x", "out"],
  coefficients: ["mean", "scale", "shift"],
  steps: [(names) => `${names.out} = ${normalized(names)};`],
  terms: [],
  values: 16,
  tiles: true,
};

/** max(y, 0), which keeps a NaN. */
export const normalizeRelu: Mapping = {
  ...normalize,
  steps: [(names) => `const y${names.id} = ${normalized(names)}; ${names.out} = y${names.id} < 0 ? 0 : y${names.id};`],
  values: 8,
};

/** dx = (dy - offset - (x - mean) * slope) * scale. */
export const inputGradient: Mapping = {
  elements: ["x", "dy", "out"],
  coefficients: ["mean", "scale", "offset", "slope"],
  steps: [
    (names) =>
      `${names.out} = ((${names.dy} - ${names.offset}) - (${deviation(names)}) * ${names.slope}) * ${names.scale};`,
  ],
  terms: [],
  values: 8,
  tiles: true,
};

/** The same of dy behind ReLU. */
export const inputGradientRelu: Mapping = {
  ...inputGradient,
  coefficients: ["mean", "scale", "shift", "offset", "slope"],
  steps: [
    (names) => {
      const { id, out, scale, offset, slope } = names;
      return `${declareDeviation(names)} ${declareMasked(names)} ${out} = ((g${id} - ${offset}) - d${id} * ${slope}) * ${scale};`;
    },
  ],
};

/** dx = dy * scale, of dy behind ReLU. Nothing passes through x, so that an infinite x has no part in it. */
export const frozenGradientRelu: Mapping = {
  ...inputGradientRelu,
  coefficients: ["mean", "scale", "shift"],
  steps: [(names) => `${names.out} = (${normalized(names)} <= VANISHING ? 0 : ${names.dy}) * ${names.scale};`],
  values: 4,
  tiles: false,
};
