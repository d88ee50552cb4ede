import {
  backward,
  inference,
  type Pass,
  type Problem,
  type Shape,
  trainingForward,
  VARIANTS,
  type Variant,
  type Verb,
  type Verbs,
  type Workspace,
  workspace,
} from "./baseline/index.js";
import { race } from "./measure.js";

type Pick = (variants: readonly Variant[], pass: Pass) => Variant;

/** Makes the three verbs of one variant per pass. */
export function compose(shape: Shape, p: Problem, pick: Pick): Verbs {
  const w = workspace(p.channels);
  const loop = (pass: Pass) => pick(VARIANTS[shape][pass], pass).loop;
  const [deviations, affine] = [loop("deviations"), loop("affine")];
  const [gradientSums, inputGradient] = [loop("gradientSums"), loop("inputGradient")];
  return {
    trainingForward: () => trainingForward(shape, p, w, deviations, affine),
    inference: () => inference(p, w, affine),
    backward: () => backward(shape, p, w, gradientSums, inputGradient),
  };
}

/** Returns, for each pass, a function that makes one call of a variant on the problem. */
function passes(p: Problem, w: Workspace): Readonly<Record<Pass, (variant: Variant) => () => void>> {
  const { x, y, dy, dx, batch, channels, spatial } = p;
  const { pivot, sum0, sum1, scale, slope, shift } = w;
  return {
    deviations:
      ({ loop }) =>
      () =>
        loop(x, pivot, sum0, sum1, batch, channels, spatial),
    affine:
      ({ loop }) =>
      () =>
        loop(y, x, scale, shift, batch, channels, spatial),
    gradientSums:
      ({ loop }) =>
      () =>
        loop(dy, x, sum0, sum1, batch, channels, spatial),
    inputGradient:
      ({ loop }) =>
      () =>
        loop(dx, dy, x, scale, slope, shift, batch, channels, spatial),
  };
}

function quickest(variants: readonly Variant[], call: (variant: Variant) => () => void, milliseconds: number): Variant {
  if (variants.length === 1) return variants[0];
  const candidates = new Map(variants.map((variant) => [variant.name, call(variant)]));
  const timings = race(candidates, { milliseconds, minimumRounds: 7, maximumRounds: 41 });
  const shortest = ({ name }: Variant) => timings.get(name)?.min ?? Number.POSITIVE_INFINITY;
  return variants.reduce((best, variant) => (shortest(variant) < shortest(best) ? variant : best));
}

export interface Fastest {
  readonly verbs: Verbs;
  /** The names of the chosen variants. */
  readonly names: Readonly<Record<Verb, string>>;
}

/** Tries every variant of every pass on the problem and keeps the fastest. */
export function fastest(shape: Shape, p: Problem, milliseconds: number): Fastest {
  const calls = passes(p, workspace(p.channels));
  const choose = (pass: Pass) => quickest(VARIANTS[shape][pass], calls[pass], milliseconds);
  const chosen: Readonly<Record<Pass, Variant>> = {
    deviations: choose("deviations"),
    affine: choose("affine"),
    gradientSums: choose("gradientSums"),
    inputGradient: choose("inputGradient"),
  };
  const names = (...passes: Pass[]) => passes.map((pass) => `${pass}: ${chosen[pass].name}`).join("; ");
  return {
    verbs: compose(shape, p, (_, pass) => chosen[pass]),
    names: {
      trainingForward: names("deviations", "affine"),
      inference: names("affine"),
      backward: names("gradientSums", "inputGradient"),
    },
  };
}
