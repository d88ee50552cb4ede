import fc from "fast-check";
import type { Activation } from "../../src/index.js";
import type { FuzzBackend } from "./backends.js";
import {
  gradientFamilies,
  gradientOf,
  inputFamilies,
  inputOf,
  none,
  parameterFamilies,
  parameterOf,
  runningFamilies,
  runningOf,
} from "./families.js";
import { invariants } from "./invariants.js";
import type { Judge } from "./judge.js";
import type { Kind } from "./kinds.js";
import { type Problem, play } from "./play.js";
import { activationNames } from "./reference.js";
import { axesOf, extentsOf, shaped } from "./shapes.js";
import { verify } from "./verify.js";

/** Steps of a layer against the reference, and one of the invariants. */
export type StepCase = {
  readonly layout: string;
  readonly shape: string;
  readonly x: string;
  /** The family of one channel, "none" where all are of the same. */
  readonly odd: string;
  readonly dy: string;
  readonly gamma: string;
  readonly beta: string;
  readonly eps: string;
  readonly momentum: string;
  /** "train", "eval" by the running statistics, "batch": eval without running statistics. */
  readonly mode: string;
  readonly running: string;
  readonly population: boolean;
  readonly activation: string;
  /** The family of what is added to y, "absent" where nothing is. */
  readonly residual: string;
  readonly out: string;
  readonly dx: string;
  readonly residualGradient: string;
  readonly steps: number;
  readonly also: string;
  readonly seed: number;
};

const defaults: StepCase = {
  layout: "NC",
  shape: "2x1",
  x: "ordinary",
  odd: "none",
  dy: "ordinary",
  gamma: "ones",
  beta: "zeros",
  eps: "1e-5",
  momentum: "0.1",
  mode: "train",
  running: "fresh",
  population: false,
  activation: "none",
  residual: "absent",
  out: "new",
  dx: "new",
  residualGradient: "absent",
  steps: 1,
  also: "nothing",
  seed: 0,
};

/** The default first: a failing case shrinks towards it. Families are taken as often as the default is. */
const either = <T>(usual: T, others: readonly T[], weight = 1) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight }, { arbitrary: fc.constantFrom(...others), weight: 1 });

const arbitrary = fc
  .tuple(
    shaped,
    fc.record({
      x: either("ordinary", inputFamilies),
      odd: either("none", inputFamilies, 3),
      dy: either("ordinary", gradientFamilies),
      gamma: either("ones", [...parameterFamilies, "absent"]),
      beta: either("zeros", [...parameterFamilies, "absent"]),
      eps: either("1e-5", ["0", "1e-45", "1e-31", "1e-12", "1e-3", "1", "1e31"]),
      momentum: either("0.1", ["null", "0", "1", "1e-9", "0.999"]),
      mode: fc.constantFrom("train", "train", "eval", "batch"),
      running: either("fresh", runningFamilies),
      population: fc.boolean(),
      activation: fc.constantFrom(...activationNames),
      residual: either("absent", inputFamilies),
      out: either("new", ["given", "x", "residual"], 3),
      dx: fc.constantFrom("new", "given", "dy"),
      residualGradient: fc.constantFrom("absent", "given", "dy"),
      steps: either(1, [2, 3], 4),
      also: fc.constantFrom("nothing", ...Object.keys(invariants)),
      seed: fc.nat(0xffffff),
    }),
  )
  .map(([shape, rest]) => ({ ...shape, ...rest }));

export function problemOf(c: StepCase): Problem {
  const shape = extentsOf(c);
  const axes = axesOf(c.layout, shape);
  const { channels } = axes;
  const odd = c.odd === "none" ? none : { channel: c.seed % channels, family: c.odd };
  const steps = Array.from({ length: c.steps }, (_, i) => c.seed + 1000 * i);
  return {
    layout: c.layout,
    shape,
    channels,
    x: steps.map((seed) => inputOf(c.x, axes, seed, odd)),
    dy: steps.map((seed) => gradientOf(c.dy, axes, seed)),
    gamma: parameterOf(c.gamma, channels, c.seed + 2),
    beta: parameterOf(c.beta, channels, c.seed + 3),
    eps: Number(c.eps),
    momentum: c.momentum === "null" ? null : Number(c.momentum),
    activation: c.activation as Activation,
    population: c.population,
    running: c.mode === "batch" ? null : runningOf(c.running, channels, c.seed + 4),
    training: c.mode === "train",
    residual: c.residual === "absent" ? null : steps.map((seed) => inputOf(c.residual, axes, seed + 9)),
    y: c.out,
    dx: c.dx,
    residualGradient: c.residualGradient,
  };
}

function run(backend: FuzzBackend, c: StepCase, judge: Judge): void {
  const p = problemOf(c);
  const { count } = axesOf(p.layout, p.shape);
  const kernels = backend.kernels();
  if (count === 1 && c.mode !== "eval") {
    judge.refuses("forward with one value per channel", () => play(kernels, p, judge));
    return;
  }
  const steps = play(kernels, p, judge);
  steps.forEach((step, i) => {
    verify(backend, p, i, step, judge);
  });
  invariants[c.also]?.({ backend, kernels, problem: p, steps, judge, seed: c.seed });
}

export const step: Kind<StepCase> = { name: "step", defaults, arbitrary, run };
