import type { BatchNormOptions } from "../../src/index.js";
import { kernels } from "./backend.js";
import type { Mode } from "./cases.js";
import { expectClose, expectEqual, expectWithin } from "./compare.js";
import { goal } from "./metric.js";
import { expectation, type Problem } from "./problem.js";
import { type Scope, type StepResult, scopeIn, stepIn } from "./scope.js";

export { gradientOf, gradientOptionsOf, optionsOf, residualOf, type Scope, type StepResult } from "./scope.js";

/** `scopeIn` these kernels. */
export function scope<T>(run: (s: Scope) => T): T {
  return scopeIn(kernels, run);
}

/** `stepIn` these kernels. */
export function step(p: Problem, mode: Mode, options?: BatchNormOptions): StepResult {
  return stepIn(kernels, p, mode, options);
}

/** Compares one forward and one backward with the reference: all results of a step, within the goal. */
export function expectStep(p: Problem, mode: Mode, want = expectation(p), dxTerms = (_: number) => 0): void {
  const got = step(p, mode);
  expectClose(p.line, "y", got.y, want.y);
  if (got.residualGradient) expectEqual(p.line, "residualGradient", got.residualGradient, want.residualGradient);
  if (got.dgamma) expectClose(p.line, "dgamma", got.dgamma, want.dgamma);
  if (got.dbeta) expectClose(p.line, "dbeta", got.dbeta, want.dbeta);
  // What is within the goal of its terms counts as the reference; the rest is judged by the metric.
  const dx = got.dx.map((value, i) => (Math.abs(value - want.dx.ref[i]) <= goal * dxTerms(i) ? want.dx.ref[i] : value));
  expectClose(p.line, "dx", dx, want.dx);
}

/**
 * The batch's statistics, of which the variance is judged relative to itself, however small, and a training step. With
 * outliers dx is judged by the terms that it is the difference of.
 */
export function expectTraining(p: Problem, outliers = false): void {
  const want = expectation(p);
  scope((s) => {
    const { mean, variance } = s.statistics(s.tensor(p, p.x));
    expectClose(p.line, "mean", mean, want.mean);
    expectWithin(p.line, "variance", variance, want.variance.ref, (c) => goal * want.variance.ref[c]);
  });
  expectStep(p, "train", want, outliers ? want.dxTerms : () => 0);
}
