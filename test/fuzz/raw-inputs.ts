import type { Instance } from "../helpers/instances.js";
import type { Arrays, Extents, Floats, Numbers } from "../helpers/placed.js";
import { random } from "../helpers/random.js";
import { gradientOf, inputOf, parameterOf } from "./families.js";
import type { RawCase } from "./raw.js";
import { forward, gradientSums, invstdOf, moments } from "./reference.js";
import { type Axes, axesOf, gather } from "./shapes.js";

/** What the kernels are given. */
export interface RawInputs {
  readonly axes: Axes;
  readonly extents: Extents;
  readonly values: Arrays & Readonly<Record<"x" | "dy" | "variance" | "invstd", Floats>>;
  readonly numbers: Numbers;
}

/** Statistics of x, and sums of dy without an activation, by the reference. */
function perChannel(x: Float32Array, dy: Float32Array, axes: Axes, eps: number) {
  const names = ["mean", "variance", "invstd", "dgamma", "dbeta"] as const;
  const all = Object.fromEntries(names.map((name) => [name, new Float64Array(axes.channels)]));
  for (let k = 0; k < axes.channels; k++) {
    const values = gather(x, axes, k);
    const { mean, variance } = moments(values);
    const invstd = invstdOf(variance, eps);
    const { xhat } = forward(values, { mean, invstd, gamma: 1, beta: 0, activation: "none" });
    const { dgamma, dbeta } = gradientSums(gather(dy, axes, k), xhat, invstd);
    Object.entries({ mean, variance, invstd, dgamma, dbeta }).forEach(([name, value]) => {
      all[name][k] = value;
    });
  }
  return all as Record<(typeof names)[number], Float64Array<ArrayBuffer>>;
}

/** What may be absent in a kernel. */
function absentIn(c: RawCase, { frozen, outputs }: Instance) {
  const sums = frozen && !outputs.includes("dgamma") ? { dgamma: null, dbeta: null } : {};
  if (!c.absent) return sums;
  const floats = c.seed % 3 === 0 ? { dbetaFloats: null } : { dgammaFloats: null, dbetaFloats: null };
  const mean = outputs.join() === "y" && c.seed % 5 === 0 ? { mean: null } : {};
  return { ...sums, ...floats, ...mean, runningMean: null, runningVar: null };
}

export function inputsOf(c: RawCase, instance: Instance): RawInputs {
  const extents: Extents = [c.batch, c.channels, c.spatial];
  const axes = axesOf("NCL", extents);
  const x = inputOf(c.x, axes, c.seed) as Float32Array<ArrayBuffer>;
  const dy = gradientOf(c.dy, axes, c.seed) as Float32Array<ArrayBuffer>;
  const r = random(c.seed + 5);
  const eps = Number(c.eps);
  const row = (value: () => number) => Float64Array.from({ length: c.channels }, value);
  const values = {
    ...{ x, dy, ...perChannel(x, dy, axes, eps) },
    residual: c.residual === "absent" ? null : (inputOf(c.residual, axes, c.seed + 9) as Floats),
    gamma: parameterOf(c.gamma, c.channels, c.seed + 2) as Floats | null,
    beta: parameterOf(c.beta, c.channels, c.seed + 3) as Floats | null,
    runningMean: row(() => 4 * r.uniform() - 2),
    runningVar: row(r.uniform),
    ...(instance.inputs.includes("y") ? { y: inputOf(c.x, axes, c.seed + 1) as Floats } : {}),
    ...absentIn(c, instance),
  };
  const numbers = {
    activation: instance.activation,
    eps,
    // Statistics may be of more values than x has.
    count: instance.frozen ? 0 : axes.count * [1, 1, 3][c.seed % 3],
    momentum: [0.1, 0, 1, 0.999][r.integer(4)],
    correction: [1, axes.count / Math.max(axes.count - 1, 1)][r.integer(2)],
  };
  return { axes, extents, values, numbers };
}
