import type { Code, Operation } from "./operation.js";
import { lines } from "./text.js";

/**
 * The operations of the fallback, each with what one iteration of its loops does, which was found by trial. All exports
 * become loops. An operation that resembles another one states its difference alone.
 */

/** Sums per channel. */
export interface Reduction extends Operation {
  /** Over planes. */
  readonly values: number;
  /** Over rows. */
  readonly group: readonly [rows: number, columns: number];
}

/** Stores a result for each value. */
export interface Mapping extends Operation {
  /** Over planes. */
  readonly values: number;
  /** Over rows: whether there are tiles. If not, all columns are done like those that fill no tile. */
  readonly tiles: boolean;
}

const deviation: Code = ({ x, mean }) => `${x} - ${mean}`;
const normalized: Code = (names) => `(${deviation(names)}) * ${names.scale} + ${names.shift}`;
const added: Code = (names) => `${normalized(names)} + ${names.residual}`;

/** Declares d = x - mean. */
const declareDeviation: Code = (names) => `const d${names.id} = ${deviation(names)};`;
/** Two statements that store the value, or 0 where the condition holds: without a branch (src/fallback/slots.ts). */
const unless = (condition: string, value: string, store: (chosen: string) => string) =>
  `CHOICE[1] = ${value}; ${store(`CHOICE[+!(${condition})]`)};`;

/** What is fused behind an operation. */
interface Activation {
  /** Stores the activation of y. */
  readonly store: Code;
  /** Declares g, which is dy where the activation passes the float32 that forward stored, else 0. Where y is NaN, dy passes. */
  readonly mask: Code;
}

/** max(y, 0). A y of VANISHING is stored as 0. */
const relu: Activation = {
  store: ({ id, out }) => unless(`y${id} < 0`, `y${id}`, (chosen) => `${out} = ${chosen}`),
  mask: ({ id, scale, shift, dy }) =>
    unless(`d${id} * ${scale} + ${shift} <= VANISHING`, dy, (chosen) => `const g${id} = ${chosen}`),
};

/** Each value is stored before the next one is read, so that no more of them are in registers at once. */
const oneStep =
  (...codes: readonly Code[]): Code =>
  (names) =>
    lines(codes.map((code) => code(names)));

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
const plainGradientSums: Reduction = {
  elements: ["dy", "x"],
  coefficients: ["mean"],
  steps: [({ id, dy }) => `const g${id} = ${dy};`],
  terms: [({ id }) => `g${id}`, (names) => `g${names.id} * (${deviation(names)})`],
  values: 8,
  group: [4, 4],
};

/** The same of dy behind an activation. More values in each iteration do not make it faster. */
const gradientSumsOf = ({ mask }: Activation): Reduction => ({
  ...plainGradientSums,
  coefficients: ["mean", "scale", "shift"],
  steps: [declareDeviation, mask],
  terms: [({ id }) => `g${id}`, ({ id }) => `g${id} * d${id}`],
  values: 4,
  group: [4, 1],
});

/** y = (x - mean) * scale + shift. */
const plainNormalize: Mapping = {
  elements: ["x", "out"],
  coefficients: ["mean", "scale", "shift"],
  steps: [(names) => `${names.out} = ${normalized(names)};`],
  terms: [],
  values: 16,
  tiles: true,
};

/** The activation of that. */
const normalizeOf = ({ store }: Activation): Mapping => ({
  ...plainNormalize,
  steps: [oneStep((names) => `const y${names.id} = ${normalized(names)};`, store)],
  values: 8,
});

/** y = (x - mean) * scale + shift + residual. */
const plainNormalizeResidual: Mapping = {
  ...plainNormalize,
  elements: ["x", "residual", "out"],
  steps: [(names) => `${names.out} = ${added(names)};`],
  values: 8,
};

/** The activation of that. */
const normalizeResidualOf = ({ store }: Activation): Mapping => ({
  ...plainNormalizeResidual,
  steps: [oneStep((names) => `const y${names.id} = ${added(names)};`, store)],
});

/** dx = (dy - offset - (x - mean) * slope) * scale. */
const plainInputGradient: Mapping = {
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

/** The same of dy behind an activation. */
const inputGradientOf = ({ mask }: Activation): Mapping => ({
  ...plainInputGradient,
  coefficients: ["mean", "scale", "shift", "offset", "slope"],
  steps: [
    oneStep(
      declareDeviation,
      mask,
      ({ id, out, scale, offset, slope }) => `${out} = ((g${id} - ${offset}) - d${id} * ${slope}) * ${scale};`,
    ),
  ],
});

/** dx = dy * scale, of dy behind an activation. Nothing passes through x, so that an infinite x has no part in it. */
const frozenGradientOf = ({ mask }: Activation): Mapping => ({
  ...plainInputGradient,
  coefficients: ["mean", "scale", "shift"],
  steps: [oneStep(declareDeviation, mask, ({ id, out, scale }) => `${out} = g${id} * ${scale};`)],
  values: 4,
  tiles: false,
});

/** In the order of their numbers, from 1 on. */
const ACTIVATIONS: readonly Activation[] = [relu];

/** By the number of the activation; frozenGradient from 1 on, because without one it is a normalization of dy. */
export const gradientSums: readonly Reduction[] = [plainGradientSums, ...ACTIVATIONS.map(gradientSumsOf)];
export const normalize: readonly Mapping[] = [plainNormalize, ...ACTIVATIONS.map(normalizeOf)];
export const normalizeResidual: readonly Mapping[] = [plainNormalizeResidual, ...ACTIVATIONS.map(normalizeResidualOf)];
export const inputGradient: readonly Mapping[] = [plainInputGradient, ...ACTIVATIONS.map(inputGradientOf)];
export const frozenGradient: readonly Mapping[] = ACTIVATIONS.map(frozenGradientOf);
