import type { Activation, Layout } from "../../src/index.js";
import type { Case } from "./cases.js";
import { scales, type Want } from "./compare.js";
import { goal } from "./metric.js";
import { fill, random, seedOf } from "./random.js";
import * as reference from "./reference.js";

/** Float32 inputs of one computation. */
export interface Problem {
  readonly line: string;
  readonly layout: Layout;
  readonly shape: readonly number[];
  readonly x: Float32Array<ArrayBuffer>;
  readonly dy: Float32Array<ArrayBuffer>;
  readonly gamma: Float32Array | null;
  readonly beta: Float32Array | null;
  readonly residual?: Float32Array<ArrayBuffer> | null;
  readonly eps: number;
  readonly activation: Activation;
  /** Statistics given from outside: inference, and no gradient through them. null: the batch's own. */
  readonly frozen: reference.ReferenceStatistics | null;
}

/** A problem of values that are given; what is missing is absent, and dy is 0. */
export function problemFrom(
  layout: Layout,
  shape: readonly number[],
  given: Partial<Omit<Problem, "layout" | "shape">> & Pick<Problem, "x">,
): Problem {
  const line = `${layout} ${shape.join("x")}`;
  const dy = new Float32Array(given.x.length);
  return { line, layout, shape, dy, gamma: null, beta: null, eps: 1e-5, activation: "none", frozen: null, ...given };
}

export type Values = (channel: number, index: number) => number;

/** Noise with a mean and a spread of its own in every channel, gammas of both signs and away from 0. */
export function problemOf(c: Case, values?: { x?: Values; dy?: Values; eps?: number }): Problem {
  const { line, layout, shape } = c;
  const noise = random(seedOf(line));
  const { size, channels, count, channelOf } = reference.axes(shape, layout);
  const mean = Array.from({ length: channels }, () => 3 * noise.normal());
  const std = Array.from({ length: channels }, () => 0.5 + 1.5 * noise.uniform());
  const x = values?.x ?? ((k) => mean[k] + std[k] * noise.normal());
  const dy = values?.dy ?? (() => noise.normal());
  const variance = std.map((s) => s * s * (0.5 + noise.uniform()));
  const running = { count, mean: mean.map((m) => m + 0.1 * noise.normal()), variance };
  const problem = {
    line,
    layout,
    shape,
    x: fill(size, (i) => x(channelOf(i), i)),
    dy: fill(size, (i) => dy(channelOf(i), i)),
    gamma: c.gamma ? fill(channels, () => (noise.uniform() < 0.5 ? -1 : 1) * (0.5 + noise.uniform())) : null,
    beta: c.beta ? fill(channels, () => 2 * noise.uniform() - 1) : null,
    eps: values?.eps ?? 1e-5,
    activation: c.activation,
    frozen: c.mode === "eval" ? running : null,
    residual: c.residual ? fill(size, () => noise.normal()) : null,
  };
  return settle(problem);
}

export interface Expectation {
  readonly statistics: reference.ReferenceStatistics;
  readonly mean: Want;
  readonly variance: Want;
  readonly y: Want;
  readonly dx: Want;
  /** dy behind the activation, which is copied or 0: no rounding. */
  readonly residualGradient: Float64Array;
  readonly dgamma: Want;
  readonly dbeta: Want;
  /**
   * dx[i] before any cancellation: gamma·invstd·(|dy| + Σ|dy|/m + |xhat|·Σ|dy·xhat|/m). The metric's scale is smaller
   * where |xhat| is large, up to sqrt(m) times: there the roundings of the sums alone, relative to their absolute sums,
   * reach dx multiplied by |xhat|.
   */
  dxTerms(i: number): number;
}

/** Everything the reference says about a problem, with the scales of the metric. */
export function expectation(p: Problem): Expectation {
  const { x, dy, shape, layout, gamma, beta, eps } = p;
  const axes = reference.axes(shape, layout);
  const own = reference.statistics(x, shape, layout);
  const used = p.frozen ?? own;
  const sums = reference.gradientSums(dy, x, shape, layout, used, p);
  const xhat = reference.standardize(x, shape, layout, used, eps);
  const masked = reference.maskedGradient(dy, x, shape, layout, used, p);
  const invstd = reference.invstd(used.variance, eps);
  const scale = scales(axes, { x, xhat, dy: masked, invstd, residual: p.residual }, gamma, beta);
  const { channelOf } = axes;
  const perChannel = (i: number) => i;
  const dx = reference.inputGradient(dy, x, shape, layout, used, p.frozen ? null : sums, p);
  return {
    statistics: own,
    mean: { ref: own.mean, scale: scale.mean, channelOf: perChannel },
    variance: { ref: own.variance, scale: own.variance, channelOf: perChannel },
    y: { ref: reference.normalize(x, shape, layout, used, p), scale: scale.y, channelOf },
    dx: { ref: dx, scale: scale.dx, channelOf },
    residualGradient: masked,
    dgamma: { ref: sums.dgamma, scale: scale.dgamma, channelOf: perChannel },
    dbeta: { ref: sums.dbeta, scale: scale.dbeta, channelOf: perChannel },
    dxTerms(i) {
      const c = channelOf(i);
      const terms = scale.dbeta[c] + Math.abs(xhat[i]) * scale.dgamma[c];
      return Math.abs(gamma ? gamma[c] : 1) * invstd[c] * (Math.abs(masked[i]) + terms / axes.count);
    },
  };
}

/**
 * Within the goal of a kink it is open on which side a value lies, and whether its dy passes: such a dy is made 0, so that both
 * answers are the same. Twice the goal: y and what backward sees of it may round differently.
 */
function settle(p: Problem): Problem {
  const { kinks } = reference.activations[p.activation];
  const { scale, channelOf } = expectation({ ...p, activation: "none" }).y;
  const used = p.frozen ?? reference.statistics(p.x, p.shape, p.layout);
  const y = reference.preactivation(p.x, p.shape, p.layout, used, p);
  const isOpen = (i: number) => kinks.some((kink) => Math.abs(y[i] - kink) <= 2 * goal * scale[channelOf(i)]);
  return { ...p, dy: p.dy.map((value, i) => (isOpen(i) ? 0 : value)) };
}
