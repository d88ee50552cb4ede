import { type Activation, BatchNorm, type Kernels, type Layout, type Tensor } from "../../src/index.js";
import { Disagreement, type Judge } from "./judge.js";

/** Everything that a layer's steps are computed from. */
export interface Problem {
  readonly layout: string;
  readonly shape: readonly number[];
  readonly channels: number;
  /** Of each step. */
  readonly x: readonly Float32Array[];
  readonly dy: readonly Float32Array[];
  readonly gamma: Float32Array | null;
  readonly beta: Float32Array | null;
  readonly eps: number;
  readonly momentum: number | null;
  readonly activation: Activation;
  readonly population: boolean;
  readonly running: { readonly mean: Float64Array; readonly variance: Float64Array } | null;
  readonly training: boolean;
  /** Of each step. */
  readonly residual: readonly Float32Array[] | null;
  /** Where y and dx go: a new tensor, a given one, or over an input. */
  readonly y: string;
  readonly dx: string;
  /** The same of the residual's gradient, which is not asked for where it is absent; dx is first to go over dy. */
  readonly residualGradient: string;
}

/** What a step gave, copied out of the memory. */
export interface Step {
  readonly y: Float32Array;
  readonly dx: Float32Array | null;
  readonly residualGradient: Float32Array | null;
  readonly dgamma: Float32Array | null;
  readonly dbeta: Float32Array | null;
  readonly runningBefore: Running | null;
  readonly running: Running | null;
}

export interface Running {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly batches: number;
}

/** How steps are run: after an allocation of `pad` values; `between` is called between forward and backward. */
export interface Manner {
  readonly pad?: number;
  between?(layer: BatchNorm, x: Tensor, dy: Tensor): void;
}

const CANARY = 1234.5;

/** Tensors with a canary behind each, which nothing may write to. */
class Yard {
  readonly tensors: Tensor[] = [];
  readonly canaries: Tensor[] = [];

  constructor(readonly kernels: Kernels) {}

  canary(): void {
    const tensor = this.kernels.tensor([64], "C");
    tensor.data.fill(CANARY);
    this.canaries.push(tensor);
  }

  tensor(shape: readonly number[], layout: string, values?: Float32Array): Tensor {
    const tensor = this.kernels.tensor(shape, layout as Layout, values);
    this.tensors.push(tensor);
    this.canary();
    return tensor;
  }

  /** Checks the canaries and gives everything back. */
  close(): void {
    for (const { data } of this.canaries) {
      if (data.some((value) => value !== CANARY)) throw new Disagreement("a value behind a tensor: overwritten");
    }
    for (const tensor of [...this.tensors, ...this.canaries]) tensor.dispose();
  }
}

function layerOf(kernels: Kernels, p: Problem): BatchNorm {
  const layer = new BatchNorm(kernels, p.channels, {
    eps: p.eps,
    momentum: p.momentum,
    gamma: p.gamma !== null,
    beta: p.beta !== null,
    trackRunningStats: p.running !== null,
    runningVariance: p.population ? "population" : "unbiased",
    activation: p.activation,
  });
  if (p.gamma) layer.gamma?.data.set(p.gamma);
  if (p.beta) layer.beta?.data.set(p.beta);
  if (p.running) {
    layer.runningMean?.set(p.running.mean);
    layer.runningVar?.set(p.running.variance);
  }
  if (!p.training) layer.eval();
  return layer;
}

function runningOf({ runningMean, runningVar, numBatchesTracked }: BatchNorm): Running | null {
  if (!runningMean || !runningVar) return null;
  return { mean: runningMean.slice(), variance: runningVar.slice(), batches: numBatchesTracked };
}

/** Runs the steps in the memory of these kernels, which hold nothing more afterwards. */
export function play(kernels: Kernels, p: Problem, judge: Judge, manner: Manner = {}): Step[] {
  const held = kernels.bytesInUse;
  const yard = new Yard(kernels);
  if (manner.pad) yard.tensor([manner.pad], "C");
  yard.canary();
  const layer = layerOf(kernels, p);
  yard.canary();
  const steps = p.x.map((_, i) => stepOf(layer, yard, p, i, judge, manner));
  if (p.gamma && layer.gamma) judge.same("gamma after the steps", layer.gamma.data, p.gamma);
  if (p.beta && layer.beta) judge.same("beta after the steps", layer.beta.data, p.beta);
  layer.dispose();
  yard.close();
  judge.equal("bytes in use after the steps", kernels.bytesInUse, held);
  return steps;
}

function stepOf(layer: BatchNorm, yard: Yard, p: Problem, i: number, judge: Judge, { between }: Manner): Step {
  const x = yard.tensor(p.shape, p.layout, p.x[i]);
  const dy = yard.tensor(p.shape, p.layout, p.dy[i]);
  const residual = p.residual && yard.tensor(p.shape, p.layout, p.residual[i]);
  const target = (where: string, over: Tensor | null) => {
    if (where === "new" || over === null) return undefined;
    return where === "given" ? yard.tensor(p.shape, p.layout) : over;
  };
  const runningBefore = runningOf(layer);
  const y = layer.forward(x, { out: target(p.y, p.y === "residual" ? residual : x), residual });
  const after = { y: y.data.slice(), runningBefore, running: runningOf(layer) };
  between?.(layer, x, dy);
  if (y === x) {
    if (x.data.length > 0) judge.refuses("backward without its x", () => layer.backward(dy));
    return { ...after, dx: null, residualGradient: null, dgamma: null, dbeta: null };
  }
  if (!yard.tensors.includes(y)) yard.tensors.push(y);
  judge.same("x after forward", x.data, p.x[i]);
  const asked = residual !== null && p.residualGradient !== "absent";
  const residualGradient = asked ? (target(p.dx === "dy" ? "given" : p.residualGradient, dy) ?? null) : null;
  const { dx, dgamma, dbeta } = layer.backward(dy, { out: target(p.dx, dy), residualGradient });
  if (p.dx === "new") yard.tensors.push(dx);
  if (residual && y !== residual) judge.same("residual after the step", residual.data, p.residual?.[i] as Float32Array);
  if (residual) judge.same("y after backward", y.data, after.y);
  if (dx !== dy && residualGradient !== dy) judge.same("dy after backward", dy.data, p.dy[i]);
  judge.same("x after backward", x.data, p.x[i]);
  const copy = (tensor: Tensor | null) => tensor?.data.slice() ?? null;
  const gradients = { dx: dx.data.slice(), residualGradient: copy(residualGradient) };
  return { ...after, ...gradients, dgamma: copy(dgamma), dbeta: copy(dbeta) };
}
