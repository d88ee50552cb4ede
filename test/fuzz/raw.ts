import fc from "fast-check";
import { type Random, random } from "../helpers/random.js";
import { Arena, type Argument } from "./arena.js";
import type { FuzzBackend } from "./backends.js";
import { gradientFamilies, gradientOf, inputFamilies, inputOf, parameterFamilies, parameterOf } from "./families.js";
import type { Judge } from "./judge.js";
import type { Kind } from "./kinds.js";
import { forward, gradientSums, invstdOf, moments } from "./reference.js";
import { type Axes, axesOf, cut, extent, gather, size } from "./shapes.js";
import { verifyRaw } from "./verify-raw.js";

/** A bare kernel whose arguments lie between canaries, at any multiple of 4, one of them at the end of the memory. */
export type RawCase = {
  readonly kernel: string;
  readonly batch: number;
  readonly channels: number;
  readonly spatial: number;
  readonly relu: boolean;
  readonly x: string;
  readonly dy: string;
  readonly gamma: string;
  readonly beta: string;
  readonly eps: string;
  readonly over: boolean;
  /** The number of the argument that ends where the memory ends. */
  readonly last: number;
  readonly seed: number;
};

const defaults: RawCase = {
  kernel: "statistics",
  batch: 1,
  channels: 1,
  spatial: 1,
  relu: false,
  x: "ordinary",
  dy: "ordinary",
  gamma: "ones",
  beta: "zeros",
  eps: "1e-5",
  over: false,
  last: 0,
  seed: 0,
};

/** Planes of up to 4 values have loops of their own, whose scratch grows with the batch. */
const few = fc.integer({ min: 1, max: 4 });

const arbitrary: fc.Arbitrary<RawCase> = fc
  .tuple(
    fc.tuple(extent, extent, fc.oneof(few, extent), size, fc.nat(2)),
    fc.record({
      kernel: fc.constantFrom("statistics", "normalize", "gradientSums", "inputGradient", "frozenGradient"),
      relu: fc.boolean(),
      x: fc.oneof(fc.constant("ordinary"), fc.constantFrom(...inputFamilies)),
      dy: fc.oneof(fc.constant("ordinary"), fc.constantFrom(...gradientFamilies)),
      gamma: fc.constantFrom("ones", "absent", "normal", ...parameterFamilies),
      beta: fc.constantFrom("zeros", "absent", "normal", ...parameterFamilies),
      eps: fc.constantFrom("1e-5", "1e-5", "0", "1e-31"),
      over: fc.boolean(),
      last: fc.nat(9),
      seed: fc.nat(0xffffff),
    }),
  )
  .map(([[batch, channels, spatial, most, first], rest]) => {
    const [n, c, s] = cut([batch, channels, spatial], Math.min(most, 100_000), first);
    return { ...rest, batch: n, channels: c, spatial: s };
  });

/** What the kernels take, and the values they are computed from. */
export interface RawInputs {
  readonly axes: Axes;
  readonly x: Float32Array;
  readonly dy: Float32Array;
  readonly gamma: Float32Array | null;
  readonly beta: Float32Array | null;
  readonly mean: Float64Array;
  readonly invstd: Float64Array;
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
}

function inputsOf(c: RawCase): RawInputs {
  const axes = axesOf("NCL", [c.batch, c.channels, c.spatial]);
  const perChannel = () => new Float64Array(c.channels);
  const inputs = {
    axes,
    x: inputOf(c.x, axes, c.seed),
    dy: gradientOf(c.dy, axes, c.seed),
    gamma: parameterOf(c.gamma, c.channels, c.seed + 2),
    beta: parameterOf(c.beta, c.channels, c.seed + 3),
    mean: perChannel(),
    invstd: perChannel(),
    dgamma: perChannel(),
    dbeta: perChannel(),
  };
  for (let k = 0; k < c.channels; k++) {
    const x = gather(inputs.x, axes, k);
    const { mean, variance } = moments(x);
    const invstd = invstdOf(variance, Number(c.eps));
    const { xhat } = forward(x, { mean, invstd, gamma: 1, beta: 0, relu: false });
    const { dgamma, dbeta } = gradientSums(gather(inputs.dy, axes, k), xhat, invstd);
    inputs.mean[k] = mean;
    inputs.invstd[k] = invstd;
    inputs.dgamma[k] = dgamma;
    inputs.dbeta[k] = dbeta;
  }
  return inputs;
}

/** A kernel's arguments in their order, outputs first. Those with a value at `over` may lie on that argument. */
function argumentsOf(c: RawCase, inputs: RawInputs): Argument[] {
  const { x, dy, gamma, beta, mean, invstd } = inputs;
  const affine = { x, mean, invstd, gamma, beta };
  const doubles = () => new Float64Array(c.channels);
  const floats = () => new Float32Array(x.length);
  const named = (values: Record<string, Argument["values"]>) =>
    Object.entries(values).map(([name, array]) => ({ name, values: array, output: false }));
  const output = (name: string, values: Float32Array | Float64Array, over?: string) => {
    return { name, values, output: true, over: c.over ? over : undefined };
  };
  switch (c.kernel) {
    case "statistics":
      return [output("mean", doubles()), output("variance", doubles()), ...named({ x })];
    case "normalize":
      return [output("y", floats(), "x"), ...named(affine)];
    case "gradientSums":
      return [output("dgamma", doubles()), output("dbeta", doubles()), ...named({ dy, ...affine })];
    default: {
      const sums = c.kernel === "frozenGradient" ? { dgamma: null, dbeta: null } : inputs;
      return [output("dx", floats(), "dy"), ...named({ dy, ...affine, dgamma: sums.dgamma, dbeta: sums.dbeta })];
    }
  }
}

/** Calls the export: the only place that knows their names and how extents are given. */
function call(arena: Arena, c: RawCase, addresses: readonly number[], r: Random): void {
  const verb = c.kernel === "frozenGradient" ? "inputGradient" : c.kernel;
  // Planes of one value are rows as well.
  const rows = c.spatial === 1 && r.uniform() < 0.5;
  const relu = c.relu && verb !== "statistics" ? "Relu" : "";
  const exports = arena.exports as unknown as Record<string, (...numbers: number[]) => void>;
  const extents = rows ? [c.batch, c.channels] : [c.batch, c.channels, c.spatial];
  const count = verb === "inputGradient" ? [c.batch * c.spatial] : [];
  exports[verb + (rows ? "Rows" : "Planes") + relu](...addresses, ...extents, ...count);
}

function run(backend: FuzzBackend, c: RawCase, judge: Judge): void {
  const inputs = inputsOf(c);
  const r = random(c.seed);
  const given = argumentsOf(c, inputs);
  const arena = new Arena(backend, given, c.channels, c.last, r);
  call(arena, c, arena.addresses, r);
  arena.verifyUntouched();
  verifyRaw(backend, c, inputs, arena.outputs(), judge);
}

export const raw: Kind<RawCase> = { name: "raw", defaults, arbitrary, run };
