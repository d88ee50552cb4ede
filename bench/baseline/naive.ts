/** Textbook batch norm: one accumulator per channel, two passes for the variance, every value in memory order. */
import type { Problem, Verbs } from "./problem.js";

type PerChannel = Float64Array;

function statisticsPlanes({ batch, channels, spatial, x, mean }: Problem, variance: PerChannel): void {
  const count = batch * spatial;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let n = 0; n < batch; n++) {
      for (let s = 0; s < spatial; s++) sum += x[(n * channels + c) * spatial + s];
    }
    const average = sum / count;
    let squares = 0;
    for (let n = 0; n < batch; n++) {
      for (let s = 0; s < spatial; s++) {
        const d = x[(n * channels + c) * spatial + s] - average;
        squares += d * d;
      }
    }
    mean[c] = average;
    variance[c] = squares / count;
  }
}

function statisticsRows({ batch, channels, spatial, x, mean }: Problem, variance: PerChannel): void {
  const rows = batch * spatial;
  mean.fill(0);
  variance.fill(0);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++) mean[c] += x[r * channels + c];
  }
  for (let c = 0; c < channels; c++) mean[c] /= rows;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++) {
      const d = x[r * channels + c] - mean[c];
      variance[c] += d * d;
    }
  }
  for (let c = 0; c < channels; c++) variance[c] /= rows;
}

function update(p: Problem, variance: PerChannel): void {
  const count = p.batch * p.spatial;
  for (let c = 0; c < p.channels; c++) {
    p.invstd[c] = 1 / Math.sqrt(variance[c] + p.eps);
    p.runningMean[c] = (1 - p.momentum) * p.runningMean[c] + p.momentum * p.mean[c];
    p.runningVar[c] = (1 - p.momentum) * p.runningVar[c] + p.momentum * variance[c] * (count / (count - 1));
  }
}

function normalizePlanes(p: Problem, mean: PerChannel, invstd: PerChannel): void {
  const { batch, channels, spatial, x, y, gamma, beta } = p;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      for (let s = 0; s < spatial; s++) {
        const i = (n * channels + c) * spatial + s;
        y[i] = (x[i] - mean[c]) * invstd[c] * gamma[c] + beta[c];
      }
    }
  }
}

function normalizeRows(p: Problem, mean: PerChannel, invstd: PerChannel): void {
  const { batch, channels, spatial, x, y, gamma, beta } = p;
  const rows = batch * spatial;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++) {
      const i = r * channels + c;
      y[i] = (x[i] - mean[c]) * invstd[c] * gamma[c] + beta[c];
    }
  }
}

function gradientPlanes(p: Problem): void {
  const { batch, channels, spatial, x, dy, dx, gamma, mean, invstd, dgamma, dbeta } = p;
  const count = batch * spatial;
  for (let c = 0; c < channels; c++) {
    let dg = 0;
    let db = 0;
    for (let n = 0; n < batch; n++) {
      for (let s = 0; s < spatial; s++) {
        const i = (n * channels + c) * spatial + s;
        db += dy[i];
        dg += dy[i] * (x[i] - mean[c]) * invstd[c];
      }
    }
    dbeta[c] = db;
    dgamma[c] = dg;
    for (let n = 0; n < batch; n++) {
      for (let s = 0; s < spatial; s++) {
        const i = (n * channels + c) * spatial + s;
        const xhat = (x[i] - mean[c]) * invstd[c];
        dx[i] = gamma[c] * invstd[c] * (dy[i] - (db + xhat * dg) / count);
      }
    }
  }
}

function gradientRows(p: Problem): void {
  const { batch, channels, spatial, x, dy, dx, gamma, mean, invstd, dgamma, dbeta } = p;
  const rows = batch * spatial;
  dgamma.fill(0);
  dbeta.fill(0);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++) {
      const i = r * channels + c;
      dbeta[c] += dy[i];
      dgamma[c] += dy[i] * (x[i] - mean[c]) * invstd[c];
    }
  }
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++) {
      const i = r * channels + c;
      const xhat = (x[i] - mean[c]) * invstd[c];
      dx[i] = gamma[c] * invstd[c] * (dy[i] - (dbeta[c] + xhat * dgamma[c]) / rows);
    }
  }
}

type Parts = readonly [
  statistics: typeof statisticsPlanes,
  normalize: typeof normalizePlanes,
  gradient: typeof gradientPlanes,
];

function verbs(p: Problem, [statistics, normalize, gradient]: Parts): Verbs {
  const variance = new Float64Array(p.channels);
  const invstd = new Float64Array(p.channels);
  return {
    trainingForward() {
      statistics(p, variance);
      update(p, variance);
      normalize(p, p.mean, p.invstd);
    },
    inference() {
      for (let c = 0; c < p.channels; c++) invstd[c] = 1 / Math.sqrt(p.runningVar[c] + p.eps);
      normalize(p, p.runningMean, invstd);
    },
    backward: () => gradient(p),
  };
}

export const naivePlanes = (p: Problem) => verbs(p, [statisticsPlanes, normalizePlanes, gradientPlanes]);
export const naiveRows = (p: Problem) => verbs(p, [statisticsRows, normalizeRows, gradientRows]);
