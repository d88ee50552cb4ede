/** Judges the outcome of a golden step: classes, the goal of 1e-6, and never worse than twice PyTorch's float32. */
import { classOf, goal, yardstick } from "../helpers/metric.js";
import { problemFrom } from "../helpers/problem.js";
import { axes } from "../helpers/reference.js";
import { type GoldenCase, type GoldenStep, type Quantity, quantities, values } from "./read.js";
import { channelErrors, dxErrors, exactOf, subnormalAllowance, sumErrors, yErrors } from "./roundings.js";
import type { Outcome } from "./run.js";

/** The reference's running statistics between steps, and how far a float32 batch lets ours be from them. */
export interface ReferenceState {
  mean: Float64Array;
  variance: Float64Array;
  meanError: Float64Array;
  varianceError: Float64Array;
}

export function initialState(channels: number): ReferenceState {
  const zeros = new Float64Array(channels);
  return { mean: zeros, variance: zeros.map(() => 1), meanError: zeros, varianceError: zeros };
}

interface Limits {
  /** Absolute errors that roundings explain. */
  readonly roundings: { readonly [quantity in Quantity]: Float64Array };
  /** What the goal leaves out: subnormal intermediates of dgamma. */
  readonly allowance: Float64Array;
}

/** Loads the step's statistics into the state, and gives its limits; the state's errors are those after the step. */
function limitsOf(golden: GoldenCase, step: GoldenStep, state: ReferenceState): Limits {
  if (step.load) {
    const zeros = new Float64Array(golden.numFeatures);
    state.mean = Float64Array.from(values(step.load.runningMean));
    state.variance = Float64Array.from(values(step.load.runningVar));
    state.meanError = zeros;
    state.varianceError = zeros;
  }
  const pass = problemFrom(golden.layout, step.shape, {
    x: Float32Array.from(values(step.x)),
    ...(step.dy && { dy: Float32Array.from(values(step.dy)) }),
    gamma: golden.weight ? Float32Array.from(values(golden.weight)) : null,
    beta: golden.bias ? Float32Array.from(values(golden.bias)) : null,
    eps: golden.eps,
    frozen: step.mode === "eval" && golden.trackRunningStats ? { count: 0, ...state } : null,
  });
  const exact = exactOf(pass);
  const errors = channelErrors(pass, exact);
  if (step.mode === "train" && pass.x.length > 0) {
    const f = golden.momentum ?? 1 / (step.numBatchesTracked ?? 1);
    const correction = exact.count / (exact.count - 1);
    state.meanError = state.meanError.map((e, c) => (1 - f) * e + f * errors.mean[c]);
    state.varianceError = state.varianceError.map((e, c) => (1 - f) * e + f * correction * errors.variance[c]);
  }
  return {
    roundings: {
      y: yErrors(pass, exact, errors),
      dx: dxErrors(pass, exact, errors),
      dweight: sumErrors(exact.dgamma, errors.dgamma),
      dbias: sumErrors(exact.dbeta, errors.dbeta),
      runningMean: state.meanError,
      runningVar: state.varianceError,
    },
    allowance: exact.invstd.map((invstd) => subnormalAllowance(exact.count, invstd)),
  };
}

/** One line for every value that is wrong, at most three a tensor; the state moves on to after the step. */
export function judge(golden: GoldenCase, step: GoldenStep, outcome: Outcome, state: ReferenceState): string[] {
  const limits = limitsOf(golden, step, state);
  const complaints: string[] = [];
  for (const quantity of quantities) {
    const expectation = step.expect?.[quantity];
    const got = outcome.got[quantity];
    if (!expectation) continue;
    const ref = values(expectation.ref);
    if (got?.length !== ref.length) {
      complaints.push(`${quantity}: expected ${ref.length} values, got ${got?.length}`);
      continue;
    }
    const scale = values(expectation.scale);
    const elementwise = quantity === "y" || quantity === "dx";
    const channel = elementwise ? axes(step.shape, golden.layout).channelOf : (index: number) => index;
    const running = quantity === "runningMean" || quantity === "runningVar";
    const wrong: string[] = [];
    for (let i = 0; i < ref.length; i++) {
      const told = `${quantity}[${i}]: expected ${ref[i]}, got ${got[i]}`;
      if (classOf(got[i]) !== classOf(ref[i])) wrong.push(told);
      // Running statistics are float64 here: one beyond float32's range still has to be right.
      if (running ? !Number.isFinite(ref[i]) : classOf(ref[i]) !== "finite") continue;
      const error = Math.abs(got[i] - ref[i]);
      const size = yardstick(ref[i], scale[channel(i)]);
      const demanded = goal * size + (quantity === "dweight" ? limits.allowance[i] : 0);
      const fair = Math.max(2 * expectation.torchF32.maxRel * size, limits.roundings[quantity][i]);
      if (!(error <= demanded)) wrong.push(`${told}, error ${error / size} above ${demanded / size}`);
      else if (!(error <= fair)) wrong.push(`${told}, error ${error / size} above a fair ${fair / size}`);
    }
    complaints.push(...wrong.slice(0, 3));
  }
  if (step.expect?.runningMean && step.expect.runningVar) {
    state.mean = Float64Array.from(values(step.expect.runningMean.ref));
    state.variance = Float64Array.from(values(step.expect.runningVar.ref));
  }
  return complaints;
}
