import type { Floats } from "../helpers/placed.js";
import type { FuzzBackend } from "./backends.js";
import type { Judge } from "./judge.js";
import type { Channel } from "./known-limits.js";
import type { RawInputs } from "./raw-inputs.js";
import {
  activationNames,
  activations,
  forward,
  gradientSums,
  inputGradient,
  invstdOf,
  type Moments,
  mix,
  moments,
  type Sums,
} from "./reference.js";
import { gather, indexOf } from "./shapes.js";

type Outputs = Readonly<Record<string, Floats | undefined>>;

/**
 * Compares what bare kernels gave with the reference, from what they were given. `deciding` is the y that says which dy
 * passes, null without an activation.
 */
export function verifyRaw(
  backend: FuzzBackend,
  given: RawInputs,
  got: Outputs,
  deciding: Floats | null,
  judge: Judge,
): void {
  const { axes, values, numbers } = given;
  const { x, dy, variance } = values;
  if (got.dz) {
    const { passes } = activations[activationNames[numbers.activation]];
    judge.same("dz", got.dz, deciding ? dy.map((value, i) => (passes(deciding[i]) ? value : 0)) : dy);
    return;
  }
  const ofVariance = (value: number) => invstdOf(value, numbers.eps);
  if (got.invstd) judge.same("invstd", got.invstd, (got.variance ?? variance).map(ofVariance));
  for (const name of ["dgamma", "dbeta"]) {
    const [floats, sums] = [got[`${name}Floats`], got[name]];
    if (floats && sums) judge.same(`${name} as float32`, floats, Float32Array.from(sums));
  }
  for (let k = 0; k < axes.channels; k++) {
    const channel = { backend: backend.name, number: k, x: gather(x, axes, k) };
    if (got.mean) {
      const batch = moments(channel.x);
      verifyStatistics({ ...channel, batch }, batch, got, judge);
      verifyRunning(channel, given, got, judge);
      verifyY({ ...channel, batch }, given, batch.mean, ofVariance(batch.variance), got, judge);
    } else verifyChannel(channel, given, got, deciding, judge);
  }
}

function verifyStatistics(channel: Channel, { mean, variance, magnitude }: Moments, got: Outputs, judge: Judge): void {
  const k = channel.number;
  const close = (name: string, value: number, size: number) => {
    const all = got[name] as Floats;
    judge.close(name, [all[k]], { values: [value], size, double: true }, channel, () => k);
  };
  // A mean is as good as its deviation shows it: y is measured against that. The rest is float64's share.
  close("mean", mean, Math.sqrt(variance) + 1e-9 * magnitude);
  close("variance", variance, variance);
}

/** From the statistics that the kernel found. */
function verifyRunning(channel: Channel, { values, numbers }: RawInputs, got: Outputs, judge: Judge): void {
  const k = channel.number;
  const { momentum, correction } = numbers;
  const close = (name: "runningMean" | "runningVar", found: number) => {
    const [old, all] = [(values[name] as Floats)[k], got[name] as Floats];
    // 0 times what is not finite: the contract does not say whether it counts.
    if (momentum === 0 && !Number.isFinite(found)) return;
    const size = (1 - momentum) * Math.abs(old) + momentum * Math.abs(found);
    judge.close(name, [all[k]], { values: [mix(old, found, momentum)], size, double: true }, channel, () => k);
  };
  if (!got.runningMean || !got.mean || !got.variance) return;
  close("runningMean", got.mean[k]);
  close("runningVar", correction * got.variance[k]);
}

/** Everything about y that the reference needs. */
function parametersOf({ values, numbers, axes }: RawInputs, k: number, mean: number, invstd: number) {
  const { gamma, beta, residual } = values;
  return {
    mean,
    invstd,
    gamma: gamma ? gamma[k] : 1,
    beta: beta ? beta[k] : 0,
    residual: residual && gather(residual, axes, k),
    activation: activationNames[numbers.activation ?? 0],
  };
}

function verifyY(base: Channel, given: RawInputs, mean: number, invstd: number, got: Outputs, judge: Judge): void {
  if (!got.y) return;
  const k = base.number;
  const parameters = parametersOf(given, k, mean, invstd);
  const { xhat, y, size } = forward(base.x, parameters);
  const { gamma } = parameters;
  const channel = { ...base, gamma, scale: gamma * invstd, xhat };
  judge.close("y", gather(got.y, given.axes, k), { values: y, size }, channel, (i) => indexOf(given.axes, k, i));
}

function verifyChannel(base: Channel, given: RawInputs, got: Outputs, deciding: Floats | null, judge: Judge): void {
  const { axes, values } = given;
  const k = base.number;
  const [mean, invstd] = [values.mean?.[k] ?? 0, values.invstd[k]];
  verifyY(base, given, mean, got.invstd?.[k] ?? invstd, got, judge);
  if (!got.dbeta && !got.dx) return;
  const parameters = parametersOf(given, k, mean, invstd);
  const { xhat } = forward(base.x, parameters);
  const dy = gather(values.dy, axes, k);
  const y = deciding && gather(deciding, axes, k);
  const { passes } = activations[parameters.activation];
  const dz = y ? dy.map((value, i) => (passes(y[i]) ? value : 0)) : dy;
  const sums = gradientSums(dz, xhat, invstd);
  const { gamma } = parameters;
  const channel = { ...base, mean, invstd, gamma, scale: gamma * invstd, xhat, dz, sums };
  if (got.dgamma && got.dbeta) {
    const only = () => k;
    const forGamma = { values: [sums.dgamma], size: sums.dgammaSize, extra: axes.count * 2 ** -150 * invstd };
    judge.close("dgamma", [got.dgamma[k]], { ...forGamma, double: true }, channel, only);
    const forBeta = { values: [sums.dbeta], size: sums.dbetaSize, double: true };
    judge.close("dbeta", [got.dbeta[k]], forBeta, channel, only);
  }
  if (got.dx) verifyDx(channel, given, got, dy, judge);
}

function verifyDx(
  channel: Channel & { dz: Float64Array; xhat: Float64Array; sums: Sums; scale: number },
  given: RawInputs,
  got: Outputs,
  dy: Float64Array,
  judge: Judge,
): void {
  const { number: k, dz, xhat, sums: own, scale } = channel;
  const { axes, values, numbers } = given;
  const { dgamma, dbeta, invstd } = values;
  let sums: Sums | null = numbers.count === 0 ? null : own;
  // The sums that were given are those without an activation.
  if (sums && dgamma && dbeta && !got.dgamma) {
    sums = { ...own, dgamma: dgamma[k], dbeta: dbeta[k], dgammaSize: gradientSums(dy, xhat, invstd[k]).dgammaSize };
  }
  const isNearest = (i: number) => channel.x[i] === Math.fround(values.mean?.[k] ?? 0);
  const gradient = inputGradient(dz, xhat, isNearest, scale, sums, numbers.count);
  const least = sums ? Math.abs(scale * sums.dbeta) / numbers.count : 0;
  const size = gradient.size.map((value) => Math.max(value, least));
  const all = { ...channel, sums };
  judge.close("dx", gather(got.dx as Floats, axes, k), { ...gradient, size }, all, (i) => indexOf(axes, k, i));
}
