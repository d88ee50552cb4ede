/** Batch normalization in float64 by the textbook formulas, with the scales of the metric. */

export interface Pass {
  readonly x: ArrayLike<number>;
  readonly dy?: ArrayLike<number> | undefined;
  readonly gamma?: ArrayLike<number> | undefined;
  readonly beta?: ArrayLike<number> | undefined;
  readonly eps: number;
  readonly channels: number;
  readonly channel: (index: number) => number;
  /** Running statistics that replace the batch's; none in training. */
  readonly frozen?: { readonly mean: ArrayLike<number>; readonly variance: ArrayLike<number> } | undefined;
}

/** The per-channel values of a pass; `variance` is the population variance. */
export interface PassStatistics {
  readonly count: number;
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
  readonly invstd: Float64Array;
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
}

export function statisticsOf(pass: Pass): PassStatistics {
  const { x, channels, channel, dy } = pass;
  const count = x.length / channels;
  const mean = pass.frozen ? Float64Array.from(pass.frozen.mean) : new Float64Array(channels);
  const variance = pass.frozen ? Float64Array.from(pass.frozen.variance) : new Float64Array(channels);
  if (!pass.frozen) {
    for (let i = 0; i < x.length; i++) mean[channel(i)] += x[i] / count;
    for (let i = 0; i < x.length; i++) variance[channel(i)] += (x[i] - mean[channel(i)]) ** 2 / count;
  }
  const invstd = variance.map((v) => (v + pass.eps === 0 ? 0 : 1 / Math.sqrt(v + pass.eps)));
  const dgamma = new Float64Array(channels);
  const dbeta = new Float64Array(channels);
  for (let i = 0; dy && i < x.length; i++) {
    const c = channel(i);
    dgamma[c] += dy[i] * (x[i] - mean[c]) * invstd[c];
    dbeta[c] += dy[i];
  }
  return { count, mean, variance, invstd, dgamma, dbeta };
}

export interface Results {
  readonly y: Float64Array;
  readonly dx: Float64Array;
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
}

/** y = gamma·xhat + beta, dx = gamma·invstd·(dy − dbeta/m − xhat·dgamma/m), frozen: dx = gamma·invstd·dy. */
export function exactOf(pass: Pass, exact: PassStatistics = statisticsOf(pass)): Results {
  const { channel } = pass;
  const xhat = (x: number, c: number) => (x - exact.mean[c]) * exact.invstd[c];
  const y = Float64Array.from(pass.x, (x, i) => {
    const c = channel(i);
    return (pass.gamma?.[c] ?? 1) * xhat(x, c) + (pass.beta?.[c] ?? 0);
  });
  const dx = Float64Array.from(pass.dy ?? [], (dy, i) => {
    const c = channel(i);
    const through = pass.frozen ? 0 : (exact.dbeta[c] + xhat(pass.x[i], c) * exact.dgamma[c]) / exact.count;
    return (pass.gamma?.[c] ?? 1) * exact.invstd[c] * (dy - through);
  });
  return { y, dx, dgamma: exact.dgamma, dbeta: exact.dbeta };
}

/** The metric's scale per channel of each result. */
export function scalesOf(pass: Pass, exact: PassStatistics = statisticsOf(pass)): Results {
  const { channel, channels, dy } = pass;
  const { count, invstd } = exact;
  const squares = new Float64Array(channels);
  const dySquares = new Float64Array(channels);
  const dgamma = new Float64Array(channels);
  const dbeta = new Float64Array(channels);
  for (let i = 0; i < pass.x.length; i++) {
    const c = channel(i);
    const xhat = (pass.x[i] - exact.mean[c]) * invstd[c];
    squares[c] += xhat ** 2 / count;
    if (!dy) continue;
    dySquares[c] += dy[i] ** 2 / count;
    dgamma[c] += Math.abs(dy[i] * xhat);
    dbeta[c] += Math.abs(dy[i]);
  }
  const gamma = (c: number) => Math.abs(pass.gamma?.[c] ?? 1);
  return {
    y: squares.map((square, c) => gamma(c) * Math.sqrt(square) + Math.abs(pass.beta?.[c] ?? 0)),
    dx: dySquares.map((square, c) => gamma(c) * invstd[c] * Math.sqrt(square)),
    dgamma: dgamma.map((sum, c) => sum || dbeta[c]),
    dbeta,
  };
}
