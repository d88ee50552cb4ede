import fc from "fast-check";
import { describe, it } from "vitest";
import { gradientSums, inputGradient, normalize } from "../../src/index.js";
import { anyCase, grid, plain, run } from "../helpers/arbitrary.js";
import { expectBits, expectClose, expectWithin } from "../helpers/compare.js";
import {
  expectStep,
  expectTraining,
  gradientOf,
  gradientOptionsOf,
  optionsOf,
  residualOf,
  scope,
  step,
} from "../helpers/harness.js";
import { goal, u64 } from "../helpers/metric.js";
import { expectation, problemOf } from "../helpers/problem.js";
import { random, seedOf } from "../helpers/random.js";
import * as reference from "../helpers/reference.js";

/** Identities of batch normalization on random shapes, layouts and options. */

describe("properties", () => {
  it("agrees with the reference", () => {
    run(
      fc.property(anyCase(["train", "eval", "eval-batch"]), (one) => {
        const p = problemOf(one);
        if (one.mode === "train") expectTraining(p);
        else expectStep(p, one.mode);
      }),
      150,
    );
  });

  it("y is unchanged by x -> a·x + b for a > 0", () => {
    const [factor, power, shift] = [
      { max: 7, min: 1 },
      { max: 20, min: -20 },
      { max: 99, min: -99 },
    ].map(fc.integer);
    run(
      fc.property(anyCase(["train"]), factor, power, shift, (one, f, k, s) => {
        // All exact: x has 11 bits, the factor 3, the shift 7.
        const [a, b] = [f * 2 ** k, s * 2 ** k];
        const p = problemOf(plain(one), { x: grid(seedOf(one.line)) });
        const q = { ...p, x: p.x.map((value) => a * value + b) };
        const [first, second] = [expectation(p), expectation(q)];
        const { channelOf } = reference.axes(p.shape, p.layout);
        const xhat = reference.standardize(p.x, p.shape, p.layout, first.statistics, p.eps);
        // eps weighs differently: xhat of a·x + b is r·xhat with r = sqrt((v + eps) / (v + eps/a²)).
        const r = new Float64Array(first.statistics.variance).map((v) => Math.sqrt((v + p.eps) / (v + p.eps / a ** 2)));
        const y = step(p, "train").y;
        const want = xhat.map((value, i) => y[i] + (p.gamma?.[channelOf(i)] ?? 1) * value * (r[channelOf(i)] - 1));
        // Each side is within the goal, and a part in 100 is for |got| in place of |ref|.
        const slack = (size: number, { y: { scale } }: typeof first, c: number) =>
          1.01 * goal * Math.max(size, scale[c]);
        expectWithin(`${one.line} a ${a} b ${b}`, "y", step(q, "train").y, want, (i) => {
          const c = channelOf(i);
          return slack(Math.abs(y[i]), first, c) + slack(Math.abs(want[i]), second, c);
        });
      }),
    );
  });

  it("permuted samples permute y and dx", () => {
    run(
      fc.property(anyCase(["train", "eval", "eval-batch"]), fc.integer(), (one, seed) => {
        const p = problemOf(one);
        const batch = p.shape[0];
        const each = p.x.length / batch;
        const order = random(seed).shuffle(Array.from({ length: batch }, (_, i) => i));
        const permuted = <T extends Float32Array>(values: T) =>
          values.map((_, i) => values[order[Math.floor(i / each)] * each + (i % each)]) as Float32Array<ArrayBuffer>;
        const q = { ...p, x: permuted(p.x), dy: permuted(p.dy), residual: p.residual && permuted(p.residual) };
        const want = expectation(q);
        const [got, first] = [step(q, one.mode), step(p, one.mode)];
        const compare = one.mode === "eval" ? expectBits : undefined;
        compare?.(one.line, "y", got.y, permuted(first.y));
        compare?.(one.line, "dx", got.dx, permuted(first.dx));
        expectClose(one.line, "y", got.y, { ...want.y, ref: permuted(first.y) }, 2 * goal);
        expectClose(one.line, "dx", got.dx, { ...want.dx, ref: permuted(first.dx) }, 2 * goal);
      }),
    );
  });

  it("inference with the batch's statistics is the training forward, bit for bit", () => {
    run(
      fc.property(anyCase(["train"]), (one) => {
        const p = problemOf(one);
        scope((s) => {
          const x = s.tensor(p, p.x);
          const layer = s.layer(p, "train", { momentum: 1, runningVariance: "population" });
          const { residual } = residualOf(s, p);
          const y = s.own(layer.forward(x, { residual })).data.slice();
          // 1 + 1·(variance - 1) may be rounded once or twice.
          const own = s.statistics(x);
          expectWithin(
            one.line,
            "runningVar",
            layer.runningVar as Float64Array,
            own.variance,
            (c) => 3 * u64 * (1 + own.variance[c]),
          );
          layer.runningMean?.set(own.mean);
          layer.runningVar?.set(own.variance);
          expectBits(one.line, "y", s.own(layer.eval().forward(x, { residual })).data, y);
          expectBits(one.line, "functional y", s.own(normalize(x, own, optionsOf(s, p))).data, y);
        });
      }),
    );
  });

  it("y does not depend on momentum or on the running statistics", () => {
    run(
      fc.property(anyCase(["train"]), fc.double({ min: 0, max: 1, noNaN: true }), (one, momentum) => {
        const p = problemOf(one);
        const want = step(p, "train");
        for (const options of [
          { momentum },
          { momentum: null },
          { trackRunningStats: false },
          { runningVariance: "population" as const },
        ]) {
          const got = step(p, "train", options);
          expectBits(one.line, "y", got.y, want.y);
          expectBits(one.line, "dx", got.dx, want.dx);
        }
      }),
    );
  });

  it("the functional level is the layer, bit for bit", () => {
    run(
      fc.property(anyCase(["train", "eval"]), (one) => {
        const p = problemOf(one);
        const want = step(p, one.mode);
        scope((s) => {
          const [x, dy] = [s.tensor(p, p.x), s.tensor(p, p.dy)];
          const options = gradientOptionsOf(s, p);
          const used = p.frozen ?? s.statistics(x);
          const y = s.own(normalize(x, used, optionsOf(s, p)));
          expectBits(one.line, "y", y.data, want.y);
          const dz = gradientOf(s, p, dy, y);
          if (want.residualGradient) expectBits(one.line, "residualGradient", dz.data, want.residualGradient);
          const sums = s.own(gradientSums(dz, x, used, options));
          if (want.dgamma) expectBits(one.line, "dgamma", Float32Array.from(sums.dgamma), want.dgamma);
          if (want.dbeta) expectBits(one.line, "dbeta", Float32Array.from(sums.dbeta), want.dbeta);
          expectBits(one.line, "dx", s.own(inputGradient(dz, x, used, p.frozen ? null : sums, options)).data, want.dx);
        });
      }),
    );
  });
});
