import fc from "fast-check";
import { exported, type KernelName, type Name } from "../helpers/contract.js";
import { instanceOf } from "../helpers/instances.js";
import { atOnce, gradientSumsByParts, statisticsByParts, type Work } from "../helpers/phases.js";
import { ALL, type Floats, type Numbers } from "../helpers/placed.js";
import { type Random, random } from "../helpers/random.js";
import { Arena } from "./arena.js";
import type { FuzzBackend } from "./backends.js";
import { gradientFamilies, inputFamilies, parameterFamilies } from "./families.js";
import type { Judge } from "./judge.js";
import type { Kind } from "./kinds.js";
import { inputsOf, type RawInputs } from "./raw-inputs.js";
import { activationNames } from "./reference.js";
import { cut, extent, size } from "./shapes.js";
import { verifyRaw } from "./verify-raw.js";

/** A bare kernel whose arrays lie between canaries, at any multiple of 4, one of them at the end of the memory. */
export type RawCase = {
  readonly kernel: string;
  readonly batch: number;
  readonly channels: number;
  readonly spatial: number;
  readonly activation: string;
  readonly x: string;
  readonly dy: string;
  readonly residual: string;
  readonly gamma: string;
  readonly beta: string;
  readonly eps: string;
  /** Which input an output lies on; 0 is none. */
  readonly over: number;
  /** The number of what ends where the memory ends. */
  readonly last: number;
  /** In how many ranges a phase is done, by up to three workers; 0 is one call for the whole. */
  readonly ranges: number;
  /** Whether what may be absent, but for gamma, beta and residual, is. */
  readonly absent: boolean;
  readonly seed: number;
};

const defaults: RawCase = {
  kernel: "statistics",
  batch: 1,
  channels: 1,
  spatial: 1,
  activation: "none",
  x: "ordinary",
  dy: "ordinary",
  residual: "absent",
  gamma: "ones",
  beta: "zeros",
  eps: "1e-5",
  over: 0,
  last: 0,
  ranges: 0,
  absent: false,
  seed: 0,
};

/** What a case may be about; frozen are statistics that are constants. */
const subjects: Readonly<Record<string, { readonly kernel: KernelName; readonly frozen?: boolean }>> = {
  statistics: { kernel: "statistics" },
  normalize: { kernel: "normalize" },
  gradientSums: { kernel: "gradientSums" },
  inputGradient: { kernel: "inputGradient" },
  frozenGradient: { kernel: "inputGradient", frozen: true },
  maskGradient: { kernel: "maskGradient" },
  forwardTraining: { kernel: "forwardTraining" },
  forwardInference: { kernel: "forwardInference" },
  backward: { kernel: "backward" },
  frozenBackward: { kernel: "backward", frozen: true },
};

/** Planes of up to 4 values have loops of their own, whose scratch grows with the batch. */
const few = fc.integer({ min: 1, max: 4 });

/** So many have several parts. */
const MOST = 200_000;
const values = fc.oneof({ arbitrary: size, weight: 40 }, { arbitrary: fc.constant(MOST), weight: 1 });

const arbitrary: fc.Arbitrary<RawCase> = fc
  .tuple(
    fc.tuple(extent, extent, fc.oneof(few, extent), values, fc.nat(2)),
    fc.record({
      kernel: fc.constantFrom(...Object.keys(subjects)),
      activation: fc.constantFrom(...activationNames),
      x: fc.oneof(fc.constant("ordinary"), fc.constantFrom(...inputFamilies)),
      dy: fc.oneof(fc.constant("ordinary"), fc.constantFrom(...gradientFamilies)),
      residual: fc.oneof(fc.constant("absent"), fc.constantFrom(...inputFamilies)),
      gamma: fc.constantFrom("ones", "absent", "normal", ...parameterFamilies),
      beta: fc.constantFrom("zeros", "absent", "normal", ...parameterFamilies),
      eps: fc.constantFrom("1e-5", "1e-5", "0", "1e-31"),
      over: fc.nat(2),
      last: fc.nat(20),
      ranges: fc.constantFrom(0, 0, 1, 2, 3, 5, 100),
      absent: fc.boolean(),
      seed: fc.nat(0xffffff),
    }),
  )
  .map(([[batch, channels, spatial, most, first], rest]) => {
    const [n, c, s] = cut([batch, channels, spatial], Math.min(most, MOST), first);
    return { ...rest, batch: n, channels: c, spatial: s };
  });

const activationOf = ({ activation }: RawCase) => activationNames.indexOf(activation);

/** The y of forward, which says what backward passes. */
function forwardOf(backend: FuzzBackend, c: RawCase, { extents, values }: RawInputs): Floats {
  const { inputs, outputs, updated } = instanceOf("normalize");
  const plain = { extents, inputs, outputs, updated, values: { ...values, residual: null } };
  const arena = new Arena(backend, plain, random(c.seed), 0, {});
  arena.call("normalize", { activation: activationOf(c) });
  return arena.read("y");
}

/** Does a phase in ranges, which workers take in any order. */
function workOf(arena: Arena, { ranges }: RawCase, r: Random): Work {
  if (ranges === 0) return atOnce(arena.call);
  return (kernel, numbers) => {
    const parts = arena.kernels.parts(...arena.extents);
    const cuts = Array.from({ length: ranges - 1 }, () => r.integer(parts + 1)).sort((a, b) => a - b);
    const pieces = [...cuts, r.uniform() < 0.5 ? parts : ALL].map((end, i) => ({ begin: cuts[i - 1] ?? 0, end }));
    r.shuffle(pieces).forEach((range, i) => {
      arena.call(kernel, { ...numbers, ...range, scratch: arena.scratches[i % arena.scratches.length] });
    });
  };
}

function compute(arena: Arena, kernel: KernelName, c: RawCase, numbers: Numbers, r: Random): void {
  const work = workOf(arena, c, r);
  if (c.ranges > 0 && kernel === "statistics") statisticsByParts(arena.call, work, numbers);
  else if (c.ranges > 0 && kernel === "gradientSums") gradientSumsByParts(arena.call, work, numbers);
  else if (exported[kernel].includes("begin")) work(kernel, numbers);
  else arena.call(kernel, numbers);
}

function run(backend: FuzzBackend, c: RawCase, judge: Judge): void {
  const { kernel, frozen } = subjects[c.kernel];
  const instance = instanceOf(kernel, activationOf(c), frozen);
  const given = inputsOf(c, instance);
  const r = random(c.seed);
  const { extents, values, numbers } = given;
  const { outputs, updated, over } = instance;
  const inputs: Name[] = c.ranges > 0 ? [...instance.inputs, "partials"] : [...instance.inputs];
  const under = over.slice(1).filter((name) => values[name] !== null);
  const placement = {
    scratches: c.ranges > 0 ? 3 : 1,
    over: c.over > 0 && under.length > 0 ? ([over[0], under[c.over % under.length]] as const) : undefined,
  };
  const arena = new Arena(backend, { extents, inputs, outputs, updated, values }, r, c.last, placement);
  compute(arena, kernel, c, numbers, r);
  arena.verifyUntouched();
  const passing = c.activation !== "none" && inputs.includes("dy") ? (values.y ?? forwardOf(backend, c, given)) : null;
  verifyRaw(backend, given, arena.outputs(), passing, judge);
}

export const raw: Kind<RawCase> = { name: "raw", defaults, arbitrary, run };
