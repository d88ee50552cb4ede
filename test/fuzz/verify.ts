import type { FuzzBackend } from "./backends.js";
import type { Judge } from "./judge.js";
import type { Channel } from "./known-limits.js";
import type { Problem, Running, Step } from "./play.js";
import {
  activations,
  forward,
  gradientSums,
  inputGradient,
  invstdOf,
  type Moments,
  mix,
  moments,
} from "./reference.js";
import { type Axes, axesOf, gather, indexOf } from "./shapes.js";

/** What x of a channel is normalized by. */
interface Normalizer {
  readonly batch?: Moments;
  readonly mean: number;
  readonly invstd: number;
  readonly gamma: number;
  readonly beta: number;
  readonly scale: number;
}

/** Compares every value of a step with the reference. */
export function verify(backend: FuzzBackend, p: Problem, i: number, step: Step, judge: Judge): void {
  const axes = axesOf(p.layout, p.shape);
  if (axes.count === 0) {
    verifyEmpty(p, step, judge);
    return;
  }
  const inputs = Array.from({ length: axes.channels }, (_, c) => gather(p.x[i], axes, c));
  inputs.forEach((x, c) => {
    const n = normalizerOf(p, step, c, x);
    const channel = { backend: backend.name, number: c, x, ...n };
    verifyRunning(p, step, channel, axes.count, judge);
    verifyChannel(p, i, step, channel, n, axes, judge);
  });
}

function normalizerOf(p: Problem, { runningBefore }: Step, c: number, x: Float64Array): Normalizer {
  const gamma = p.gamma ? p.gamma[c] : 1;
  const beta = p.beta ? p.beta[c] : 0;
  const batch = p.training || runningBefore === null ? moments(x) : undefined;
  const { mean, variance } = batch ?? { mean: runningBefore?.mean[c], variance: runningBefore?.variance[c] };
  const invstd = invstdOf(variance as number, p.eps);
  return { batch, mean: mean as number, invstd, gamma, beta, scale: gamma * invstd };
}

function verifyChannel(
  p: Problem,
  i: number,
  step: Step,
  base: Channel,
  n: Normalizer,
  axes: Axes,
  judge: Judge,
): void {
  const c = base.number;
  const index = (k: number) => indexOf(axes, c, k);
  const residual = p.residual && gather(p.residual[i], axes, c);
  const { xhat, y, size } = forward(base.x, { ...n, activation: p.activation, residual });
  const given = gather(step.y, axes, c);
  judge.close("y", given, { values: y, size }, { ...base, xhat }, index);
  if (step.dx === null) return;
  const dy = gather(p.dy[i], axes, c);
  // The y that the kernels gave decides, and was compared above.
  const dz = dy.map((value, k) => (activations[p.activation].passes(given[k]) ? value : 0));
  if (step.residualGradient) judge.same("residualGradient", gather(step.residualGradient, axes, c), dz);
  const sums = gradientSums(dz, xhat, n.invstd);
  const through = n.batch === undefined ? null : sums;
  const isNearest = (k: number) => base.x[k] === Math.fround(n.mean);
  const gradient = inputGradient(dz, xhat, isNearest, n.scale, through, axes.count);
  const channel = { ...base, xhat, dz, sums: through };
  judge.close("dx", gather(step.dx, axes, c), gradient, channel, index);
  const { dgamma, dbeta, dgammaSize, dbetaSize } = sums;
  // Products dy·(x - mean) below the normal range lose half of the smallest float32 each.
  const extra = axes.count * 2 ** -150 * n.invstd;
  const only = () => c;
  const forGamma = { values: [dgamma], size: dgammaSize, extra };
  const forBeta = { values: [dbeta], size: dbetaSize };
  if (step.dgamma) judge.close("dgamma", [step.dgamma[c]], forGamma, channel, only);
  if (step.dbeta) judge.close("dbeta", [step.dbeta[c]], forBeta, channel, only);
}

function verifyRunning(p: Problem, step: Step, channel: Channel, count: number, judge: Judge): void {
  const { running, runningBefore: before } = step;
  if (running === null || before === null) return;
  const c = channel.number;
  const { batch } = channel;
  if (batch === undefined) {
    if (c === 0) sameRunning("inference", running, before, judge);
    return;
  }
  const f = p.momentum ?? 1 / running.batches;
  const correction = p.population ? 1 : count / (count - 1);
  const mean = mix(before.mean[c], batch.mean, f);
  const variance = mix(before.variance[c], correction * batch.variance, f);
  const meanSize = (1 - f) * Math.abs(before.mean[c]) + f * batch.magnitude;
  judge.equal("numBatchesTracked", running.batches, before.batches + 1);
  const close = (name: string, got: number, expected: number, size: number) =>
    judge.close(name, [got], { values: [expected], size, double: true }, channel, () => c);
  close("runningMean", running.mean[c], mean, meanSize);
  // A running variance below 0 and the batch's cancel.
  close("runningVar", running.variance[c], variance, (1 - f) * Math.abs(before.variance[c]) + f * batch.variance);
}

/** An empty batch gives empty y and dx, zeros for dgamma and dbeta, and leaves the running statistics as they are. */
function verifyEmpty({ channels }: Problem, step: Step, judge: Judge): void {
  const zeros = new Float32Array(channels);
  judge.equal("values of y and dx of an empty batch", step.y.length + (step.dx?.length ?? 0), 0);
  for (const name of ["dgamma", "dbeta"] as const) {
    const got = step[name];
    if (got) judge.same(`${name} of an empty batch`, got, zeros);
  }
  sameRunning("an empty batch", step.running, step.runningBefore, judge);
}

export function sameRunning(what: string, got: Running | null, expected: Running | null, judge: Judge): void {
  if (got === null || expected === null) {
    judge.equal(`running statistics of ${what}`, got, expected);
    return;
  }
  judge.same(`runningMean of ${what}`, got.mean, expected.mean);
  judge.same(`runningVar of ${what}`, got.variance, expected.variance);
  judge.equal(`numBatchesTracked of ${what}`, got.batches, expected.batches);
}

/** The same bits in every output of a step. */
export function sameStep(what: string, got: Step, expected: Step, judge: Judge): void {
  for (const name of ["y", "dx", "residualGradient", "dgamma", "dbeta"] as const) {
    const [a, b] = [got[name], expected[name]];
    if (a && b) judge.same(`${name} ${what}`, a, b);
  }
  sameRunning(what, got.running, expected.running, judge);
}
