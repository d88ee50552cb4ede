import type { BatchNorm, batchStatistics, Kernels, Layout, load, mergeStatistics } from "batchnorm-wasm";

export interface Problem {
  readonly layout: Layout;
  readonly shape: readonly number[];
}

export interface Exports {
  readonly BatchNorm: typeof BatchNorm;
  readonly batchStatistics: typeof batchStatistics;
  readonly mergeStatistics: typeof mergeStatistics;
  readonly load?: typeof load;
}

type Floats = "y" | "dx" | "dgamma" | "dbeta" | "inference" | "regrown";
type Doubles = "runningMean" | "runningVar" | "merged";

export interface Computed {
  readonly arrays: Readonly<Record<Floats, Float32Array> & Record<Doubles, Float64Array | number[]>>;
  readonly grown: boolean;
  readonly batches: number;
  readonly apart: number;
}

export const CASES: readonly Problem[];
export const EPS: number;
export const MOMENTUM: number;
export function inputsOf(problem: Problem): Record<"x" | "dy" | "gamma" | "beta", Float32Array<ArrayBuffer>>;
export function compute(batchnorm: Exports, kernels: Kernels, problem: Problem, relaxed: Kernels | null): Computed;
export function exercise(batchnorm: Exports, kernels: Kernels): Promise<string>;
