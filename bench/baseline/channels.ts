/** The float64 work per channel between the passes over the elements. */
import type { Problem, Shape } from "./problem.js";

export interface Workspace {
  readonly pivot: Float64Array;
  readonly sum0: Float64Array;
  readonly sum1: Float64Array;
  readonly scale: Float64Array;
  readonly slope: Float64Array;
  readonly shift: Float64Array;
}

export function workspace(channels: number): Workspace {
  const array = () => new Float64Array(channels);
  return { pivot: array(), sum0: array(), sum1: array(), scale: array(), slope: array(), shift: array() };
}

/** Clear the sums and take each channel's first value as its pivot. */
export function start(shape: Shape, { x, channels, spatial }: Problem, w: Workspace): void {
  const stride = shape === "planes" ? spatial : 1;
  const { pivot, sum0, sum1 } = w;
  for (let c = 0; c < channels; c++) {
    pivot[c] = x[c * stride];
    sum0[c] = 0;
    sum1[c] = 0;
  }
}

/** Computes mean, invstd, running statistics and the coefficients of y = x·scale + shift from the sums. */
export function finishStatistics(p: Problem, w: Workspace): void {
  const { mean, invstd, runningMean, runningVar, gamma, beta, eps, momentum } = p;
  const { pivot, sum0, sum1, scale, shift } = w;
  const count = p.batch * p.spatial;
  const inverse = 1 / count;
  const correction = count / (count - 1);
  for (let c = 0; c < p.channels; c++) {
    const deviation = sum0[c] * inverse;
    const variance = Math.max(sum1[c] * inverse - deviation * deviation, 0);
    const average = pivot[c] + deviation;
    const inv = 1 / Math.sqrt(variance + eps);
    const a = gamma[c] * inv;
    mean[c] = average;
    invstd[c] = inv;
    scale[c] = a;
    shift[c] = beta[c] - average * a;
    runningMean[c] += momentum * (average - runningMean[c]);
    runningVar[c] += momentum * (variance * correction - runningVar[c]);
  }
}

/** Computes the coefficients of y = x·scale + shift from the running statistics. */
export function inferenceCoefficients({ channels, runningMean, runningVar, gamma, beta, eps }: Problem, w: Workspace) {
  const { scale, shift } = w;
  for (let c = 0; c < channels; c++) {
    const a = gamma[c] / Math.sqrt(runningVar[c] + eps);
    scale[c] = a;
    shift[c] = beta[c] - runningMean[c] * a;
  }
}

/** Computes dgamma, dbeta and the coefficients of dx = dy·scale + x·slope + shift from the sums of dy and dy·x. */
export function finishGradient(p: Problem, w: Workspace): void {
  const { mean, invstd, gamma, dgamma, dbeta } = p;
  const { sum0, sum1, scale, slope, shift } = w;
  const inverse = 1 / (p.batch * p.spatial);
  for (let c = 0; c < p.channels; c++) {
    const dg = (sum1[c] - mean[c] * sum0[c]) * invstd[c];
    const a = gamma[c] * invstd[c];
    const b = -a * invstd[c] * dg * inverse;
    dgamma[c] = dg;
    dbeta[c] = sum0[c];
    scale[c] = a;
    slope[c] = b;
    shift[c] = -a * sum0[c] * inverse - b * mean[c];
  }
}
