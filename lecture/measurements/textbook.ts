/**
 * Normalization over groups of values as the formulas say, in float64, to compare with: xhat = (x - mean) /
 * sqrt(variance + eps) by the statistics of x's own group, with neither gamma nor beta.
 */
export interface Textbook {
  /** Per group. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly xhat: Float64Array;
  /** The gradient for dy: invstd * (dy - mean(dy) - xhat * mean(dy * xhat)), means over the group. */
  gradient(dy: ArrayLike<number>): Float64Array;
}

export function textbook(
  x: ArrayLike<number>,
  groups: number,
  groupOf: (index: number) => number,
  eps: number,
): Textbook {
  const count = new Float64Array(groups);
  for (let i = 0; i < x.length; i++) count[groupOf(i)]++;
  const means = (of: (index: number) => number) => {
    const sums = new Float64Array(groups);
    for (let i = 0; i < x.length; i++) sums[groupOf(i)] += of(i);
    return sums.map((sum, g) => sum / count[g]);
  };
  const mean = means((i) => x[i]);
  const variance = means((i) => (x[i] - mean[groupOf(i)]) ** 2);
  const invstd = variance.map((value) => 1 / Math.sqrt(value + eps));
  const xhat = Float64Array.from({ length: x.length }, (_, i) => (x[i] - mean[groupOf(i)]) * invstd[groupOf(i)]);
  return {
    mean,
    variance,
    xhat,
    gradient(dy) {
      const first = means((i) => dy[i]);
      const second = means((i) => dy[i] * xhat[i]);
      return xhat.map((value, i) => {
        const g = groupOf(i);
        return invstd[g] * (dy[i] - first[g] - value * second[g]);
      });
    },
  };
}
