import "@tensorflow/tfjs-backend-cpu";
import * as core from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import * as batchnorm from "batchnorm-wasm";
import * as adapter from "batchnorm-wasm/tfjs";
import { expectClose, type Want } from "../helpers/compare.js";
import { goal, u } from "../helpers/metric.js";
import { expectation, type Problem } from "../helpers/problem.js";
import * as reference from "../helpers/reference.js";
import { CASES, compute, EPS, exercise, inputsOf, MOMENTUM } from "./programs/exercise.mjs";
import * as tfjs from "./programs/tfjs-exercise.mjs";

/** The defaults of a layer of TensorFlow.js. */
const TFJS_EPS = 1e-3;

const tf = { ...core, layers };

interface Running {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** After one batch, from mean 0 and variance 1. */
function running(batch: reference.ReferenceStatistics, momentum: number, kind: "unbiased" | "population"): Running {
  const channels = batch.mean.length;
  const initial = { mean: new Float64Array(channels), variance: new Float64Array(channels).fill(1) };
  return reference.updateRunning(initial, batch, momentum, kind);
}

/** Normalized by the running statistics. */
function inference(problem: Problem, { mean, variance }: Running): Want {
  const { count } = reference.axes(problem.shape, problem.layout);
  return expectation({ ...problem, frozen: { count, mean, variance } }).y;
}

/** Per channel, with the largest of its terms for the scale. */
function perChannel(ref: Float64Array): Want {
  return { ref, scale: ref.map((value) => Math.max(1, Math.abs(value))), channelOf: (c) => c };
}

/** Throws unless the steps agree with the float64 reference. */
function checkCore(kernels: batchnorm.Kernels): void {
  for (const { layout, shape } of CASES) {
    const line = `${layout} ${shape.join("x")}`;
    const problem = {
      line,
      layout,
      shape,
      ...inputsOf({ layout, shape }),
      eps: EPS,
      activation: "relu" as const,
      frozen: null,
    };
    const want = expectation(problem);
    const { arrays, grown, batches } = compute(batchnorm, kernels, problem, null);
    if (!grown || batches !== 1) throw new Error(`${line}: the memory did not grow, or one batch was not counted`);
    for (const name of ["y", "dx", "dgamma", "dbeta"] as const) expectClose(line, name, arrays[name], want[name]);
    const after = running(want.statistics, MOMENTUM, "unbiased");
    expectClose(line, "runningMean", Float64Array.from(arrays.runningMean), perChannel(after.mean));
    expectClose(line, "runningVar", Float64Array.from(arrays.runningVar), perChannel(after.variance));
    for (const name of ["inference", "regrown"] as const)
      expectClose(line, name, arrays[name], inference(problem, after));
    // Two parts of as many values each: x and y.
    const [a, b] = [problem.x, arrays.y].map((part) => reference.statistics(part, shape, layout));
    const merged = a.variance.map((va, c) => (va + b.variance[c]) / 2 + (a.mean[c] - b.mean[c]) ** 2 / 4);
    expectClose(line, "merged", Float64Array.from(arrays.merged), perChannel(merged));
  }
}

async function checkTfjs(): Promise<void> {
  const computed = await tfjs.computeTfjs(tf, adapter, "cpu");
  const line = `TensorFlow.js ${tfjs.SHAPE.join("x")}`;
  const own = {
    line,
    layout: "NCHW" as const,
    shape: tfjs.SHAPE,
    ...tfjs.inputs(),
    activation: "none" as const,
    frozen: null,
  };
  const problem = { ...own, gamma: null, beta: null, eps: TFJS_EPS };
  const { y, dx, statistics } = expectation(problem);
  const after = running(statistics, 1 - tfjs.MOMENTUM, "population");
  expectClose(line, "y", computed.y, y);
  expectClose(line, "dx", computed.dx, dx);
  expectClose(line, "mean", computed.mean, perChannel(statistics.mean as Float64Array));
  expectClose(line, "variance", computed.variance, perChannel(statistics.variance as Float64Array));
  // Float32 in the steps of the update, of which each rounds.
  const limit = goal + 3 * u;
  expectClose(line, "moving mean", computed["moving mean"], perChannel(after.mean), limit);
  expectClose(line, "moving variance", computed["moving variance"], perChannel(after.variance), limit);
  expectClose(line, "inference", computed.inference, inference(problem, after), 2 * goal);
}

/** The lines that the programs print in this process, on the build, once they agree with the reference. */
export async function checkedOutcomes(): Promise<string[]> {
  const kernels = batchnorm.loadSync();
  checkCore(kernels);
  await checkTfjs();
  return [await exercise(batchnorm, batchnorm.loadSync()), await tfjs.exerciseTfjs(tf, adapter, "cpu")];
}
