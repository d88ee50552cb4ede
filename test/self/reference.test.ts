import { describe, expect, it } from "vitest";
import { caseOf } from "../helpers/cases.js";
import { expectEqual } from "../helpers/compare.js";
import { u64 } from "../helpers/metric.js";
import { type Problem, problemOf } from "../helpers/problem.js";
import * as reference from "../helpers/reference.js";

/**
 * Finite differences of L = Σ dy·y, in float64, against the formulas of the gradients.
 *
 * In units of the channel's sqrt(variance + eps), xhat_j as a function of one x_i moved by t is
 * (z_j + t(δ_ij - 1/m)) / sqrt(1 + bt + ct²) with b = 2z_i/m, c = 1/m - 1/m², |z| <= sqrt(m). Its coefficient of t³ is
 * (δ_ij - 1/m)(3b²/8 - c/2) + z_j(3bc/4 - 5b³/16), at most 2/m + 4/m. A central difference of step h therefore errs
 * by at most 6h²/m times |dy_j·gamma|·invstd, summed over j; 7 instead of 6 is for the terms in h⁴.
 * L itself is rounded: each of its n terms, and the running sum, err by about u64 of Σ|dy·y|, the x - mean inside y by
 * a few u64·|mean|·invstd more, and the difference divides that by h.
 */
const h = 2 ** -17;

const lossOf = (p: Problem, x: ArrayLike<number>): { loss: number; size: number } => {
  const used = p.frozen ?? reference.statistics(x, p.shape, p.layout);
  const y = reference.normalize(x, p.shape, p.layout, used, p);
  let [loss, size] = [0, 0];
  y.forEach((value, i) => {
    loss += value * p.dy[i];
    size += Math.abs(p.dy[i]) * (Math.abs(value) + Math.abs(used.mean[0]) + 4);
  });
  return { loss, size };
};

/** (L(v + step) - L(v - step)) / 2step for the value at one index, with the step that rounding leaves. */
function difference(
  values: ArrayLike<number>,
  i: number,
  loss: (values: Float64Array) => number,
  step: number,
): number {
  const at = (delta: number) => {
    const moved = Float64Array.from(values);
    moved[i] += delta;
    return { value: moved[i], loss: loss(moved) };
  };
  const [up, down] = [at(step), at(-step)];
  return (up.loss - down.loss) / (up.value - down.value);
}

const lines = [
  "train",
  "train gamma beta",
  "train relu gamma beta",
  "train relu gamma beta residual",
  "eval gamma",
  "eval relu gamma beta",
  "eval relu gamma residual",
].flatMap((rest) => [`NC 7x3 ${rest}`, `NCHW 2x3x2x5 ${rest}`, `NLC 3x5x2 ${rest}`]);

describe.each(lines)("finite differences %s", (line) => {
  // Means below 2 and spreads above 1/2, and with relu no value within a step of the kink.
  const p = problemOf(caseOf(line), { x: (c, i) => c - 1 + Math.sin(3 * i + c) + ((i * 7) % 5) / 4, eps: 1e-3 });
  const { size: total, channels, channelOf, count } = reference.axes(p.shape, p.layout);
  const used = p.frozen ?? reference.statistics(p.x, p.shape, p.layout);
  const invstd = reference.invstd(used.variance, p.eps);
  const sums = reference.gradientSums(p.dy, p.x, p.shape, p.layout, used, p);
  const { size } = lossOf(p, p.x);
  const rounding = ((total + 16) * u64 * size) / h;
  const weight = reference.channelSums(reference.axes(p.shape, p.layout), (i) => Math.abs(p.dy[i]));

  it("keeps clear of the kink", () => {
    const y = reference.preactivation(p.x, p.shape, p.layout, used, p);
    // One x moved by a step of h moves its own xhat by at most h and the others' by at most h(1/m + |z|·|z|/m) <= 2h.
    const reach = (c: number) => 3 * h * Math.abs(p.gamma?.[c] ?? 1);
    for (const kink of reference.activations[p.activation].kinks) {
      for (const [i, value] of y.entries()) {
        expect(Math.abs(value - kink), `y[${i}]`).toBeGreaterThan(reach(channelOf(i)));
      }
    }
  });

  it("dx", () => {
    const dx = reference.inputGradient(p.dy, p.x, p.shape, p.layout, used, p.frozen ? null : sums, p);
    for (let i = 0; i < total; i++) {
      const c = channelOf(i);
      const scale = Math.abs(p.gamma?.[c] ?? 1) * invstd[c];
      const numeric = difference(p.x, i, (x) => lossOf(p, x).loss, h / invstd[c]);
      const tolerance = scale * weight[c] * (7 / count) * h * h + rounding * invstd[c];
      expect(Math.abs(numeric - dx[i]), `dx[${i}] = ${dx[i]}, differences ${numeric}`).toBeLessThanOrEqual(tolerance);
    }
  });

  if (p.residual)
    it("the residual's gradient", () => {
      const masked = reference.maskedGradient(p.dy, p.x, p.shape, p.layout, used, p);
      const loss = (moved: Float64Array) => lossOf({ ...p, residual: moved as never }, p.x).loss;
      // L is linear in the residual where no sign changes: the difference has rounding only.
      for (let i = 0; i < total; i++) {
        const numeric = difference(p.residual as Float32Array, i, loss, h);
        expect(Math.abs(numeric - masked[i]), `residual[${i}]`).toBeLessThanOrEqual(rounding);
      }
    });

  it("dgamma and dbeta", () => {
    const gamma = p.gamma ?? new Float64Array(channels).fill(1);
    const beta = p.beta ?? new Float64Array(channels);
    for (let c = 0; c < channels; c++) {
      // L is linear in gamma and beta where no sign changes: the difference has rounding only.
      const dgamma = difference(gamma, c, (moved) => lossOf({ ...p, gamma: moved as never }, p.x).loss, h);
      const dbeta = difference(beta, c, (moved) => lossOf({ ...p, beta: moved as never }, p.x).loss, h);
      expect(Math.abs(dgamma - sums.dgamma[c]), `dgamma[${c}]`).toBeLessThanOrEqual(rounding);
      expect(Math.abs(dbeta - sums.dbeta[c]), `dbeta[${c}]`).toBeLessThanOrEqual(rounding);
    }
  });
});

describe("reference", () => {
  const options = { gamma: [2], beta: [1], eps: 0, activation: "none" };

  it("agrees with a calculation by hand", () => {
    // Channel 0: 1, 3 (mean 2, variance 1); channel 1: 0, 4 (mean 2, variance 4).
    const batch = reference.statistics([1, 0, 3, 4], [2, 2], "NC");
    expect(batch).toEqual({ count: 2, mean: new Float64Array([2, 2]), variance: new Float64Array([1, 4]) });
    const both = { gamma: [2, 3], beta: [1, -1], eps: 0, activation: "none" };
    expect([...reference.normalize([1, 0, 3, 4], [2, 2], "NC", batch, both)]).toEqual([-1, -4, 3, 2]);
    const relu = { ...both, activation: "relu" };
    expect([...reference.normalize([1, 0, 3, 4], [2, 2], "NC", batch, relu)]).toEqual([0, 0, 3, 2]);
    const sums = reference.gradientSums([5, 1, 7, 2], [1, 0, 3, 4], [2, 2], "NC", batch, both);
    expect(sums).toEqual({ dgamma: new Float64Array([2, 1]), dbeta: new Float64Array([12, 3]) });
    const masked = reference.gradientSums([5, 1, 7, 2], [1, 0, 3, 4], [2, 2], "NC", batch, relu);
    expect(masked).toEqual({ dgamma: new Float64Array([7, 2]), dbeta: new Float64Array([7, 2]) });
  });

  it("keeps the unbiased or the population variance", () => {
    const [old, batch] = [
      { mean: [1], variance: [2] },
      { count: 3, mean: [5], variance: [6] },
    ];
    const at = (kind: "unbiased" | "population") => reference.updateRunning(old, batch, 0.25, kind);
    expect(at("unbiased")).toEqual({ mean: new Float64Array([2]), variance: new Float64Array([3.75]) });
    expect(at("population")).toEqual({ mean: new Float64Array([2]), variance: new Float64Array([3]) });
  });

  it("finds the channel, the sample and the position of an index in every layout", () => {
    const at = (shape: number[], layout: string, i: number) => {
      const a = reference.axes(shape, layout);
      return [a.batch, a.channels, a.spatial, a.count, a.sampleOf(i), a.channelOf(i), a.positionOf(i)];
    };
    // Sample 1, channel 2, row 3, column 4 of 2 x 3 x 5 x 7.
    expect(at([2, 3, 5, 7], "NCHW", 1 * 105 + 2 * 35 + 3 * 7 + 4)).toEqual([2, 3, 35, 70, 1, 2, 25]);
    expect(at([2, 5, 7, 3], "NHWC", 1 * 105 + 3 * 21 + 4 * 3 + 2)).toEqual([2, 3, 35, 70, 1, 2, 25]);
    expect(at([2, 3], "NC", 5)).toEqual([2, 3, 1, 2, 1, 2, 0]);
    expect(at([2, 7, 3], "NLC", 1 * 21 + 4 * 3 + 2)).toEqual([2, 3, 7, 14, 1, 2, 4]);
  });

  it("is not shaken by variance + eps of 0", () => {
    const batch = reference.statistics([5, 5], [2, 1], "NC");
    expectEqual("[5, 5]", "y", reference.normalize([5, 5], [2, 1], "NC", batch, options), [1, 1]);
    const sums = reference.gradientSums([1, 2], [5, 5], [2, 1], "NC", batch, options);
    expectEqual("[5, 5]", "dx", reference.inputGradient([1, 2], [5, 5], [2, 1], "NC", batch, sums, options), [0, 0]);
  });

  it("sums a million values of large mean without loss", () => {
    const x = Float64Array.from({ length: 2 ** 20 }, (_, i) => 1e9 + (i % 2));
    const batch = reference.statistics(x, [2 ** 20, 1], "NC");
    expect(batch.mean[0]).toBe(1e9 + 0.5);
    expect(batch.variance[0]).toBe(0.25);
  });
});
