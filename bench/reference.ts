import type { Problem } from "./baseline/index.js";
import { type Extents, run } from "./inputs.js";

export interface RunningStatistics {
  readonly runningMean: Float64Array;
  readonly runningVar: Float64Array;
}

/** All results of a problem in float64. Results with one value per element are functions of index and channel. */
export interface Reference extends RunningStatistics {
  /** The running statistics that inference reads and the training step updates. */
  readonly before: RunningStatistics;
  readonly inference: (i: number, c: number) => number;
  readonly y: (i: number, c: number) => number;
  readonly dx: (i: number, c: number) => number;
  readonly invstd: Float64Array;
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
}

/** Calls `visit` with (i, c) for every element i of channel c, in memory order. */
export function forEachElement(extents: Extents, visit: (i: number, c: number) => void): void {
  const { batch, channels, spatial } = extents;
  const length = batch * channels * spatial;
  const step = run(extents);
  for (let i = 0, c = 0; i < length; c = c + 1 === channels ? 0 : c + 1) {
    for (const end = i + step; i < end; i++) visit(i, c);
  }
}

/**
 * Computes textbook batch norm in float64, in two passes. The running statistics of `p` are those before the training
 * step.
 */
export function reference(extents: Extents, p: Problem): Reference {
  const { channels, x, dy, gamma, beta, eps, momentum } = p;
  const count = p.batch * p.spatial;
  const zeros = () => new Float64Array(channels);
  const [sum, variance, dgamma, dbeta] = [zeros(), zeros(), zeros(), zeros()];
  forEachElement(extents, (i, c) => {
    sum[c] += x[i];
  });
  // One division per channel, so that the mean of a constant is exactly that constant.
  const mean = sum.map((total) => total / count);
  forEachElement(extents, (i, c) => {
    variance[c] += (x[i] - mean[c]) ** 2 / count;
  });
  const invstd = variance.map((v) => 1 / Math.sqrt(v + eps));
  const xhat = (i: number, c: number) => (x[i] - mean[c]) * invstd[c];
  forEachElement(extents, (i, c) => {
    dbeta[c] += dy[i];
    dgamma[c] += dy[i] * xhat(i, c);
  });
  const runningMean = p.runningMean.slice();
  const runningVar = p.runningVar.slice();
  return {
    before: { runningMean, runningVar },
    inference: (i, c) => ((x[i] - runningMean[c]) / Math.sqrt(runningVar[c] + eps)) * gamma[c] + beta[c],
    y: (i, c) => xhat(i, c) * gamma[c] + beta[c],
    dx: (i, c) => gamma[c] * invstd[c] * (dy[i] - dbeta[c] / count - (xhat(i, c) * dgamma[c]) / count),
    invstd,
    dgamma,
    dbeta,
    runningMean: runningMean.map((v, c) => (1 - momentum) * v + momentum * mean[c]),
    runningVar: runningVar.map((v, c) => (1 - momentum) * v + (momentum * variance[c] * count) / (count - 1)),
  };
}
