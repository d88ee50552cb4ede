import {
  BatchNorm,
  type BatchNormOptions,
  batchStatistics,
  type Kernels,
  type Layout,
  maskGradient,
  type Tensor,
} from "../../src/index.js";
import type { Mode } from "./cases.js";
import type { Problem } from "./problem.js";

interface Disposable {
  dispose(): void;
}

export interface Scope {
  own<D extends Disposable>(resource: D): D;
  tensor(like: { shape: readonly number[]; layout: Layout }, values?: ArrayLike<number>): Tensor;
  /** A tensor of shape [C], or null for null. */
  vector(values: ArrayLike<number> | null): Tensor | null;
  layer(problem: Problem, mode: Mode, options?: BatchNormOptions): BatchNorm;
  statistics(x: Tensor): ReturnType<typeof batchStatistics>;
}

/** Runs with owned resources and disposes of them; a leak in the library shows as bytes still in use. */
export function scopeIn<T>(kernels: Kernels, run: (s: Scope) => T): T {
  const before = kernels.bytesInUse;
  const owned: Disposable[] = [];
  const own = <D extends Disposable>(resource: D): D => {
    owned.push(resource);
    return resource;
  };
  const result = run({
    own,
    tensor: ({ shape, layout }, values) => own(kernels.tensor(shape, layout, values)),
    vector: (values) => values && own(kernels.tensor([values.length], "C", values)),
    layer: (problem, mode, options) => own(layerOf(kernels, problem, mode, options)),
    statistics: (x) => own(batchStatistics(x)),
  });
  for (const resource of owned.reverse()) resource.dispose();
  if (kernels.bytesInUse !== before) throw new Error(`leak: ${kernels.bytesInUse - before} bytes`);
  return result;
}

function layerOf(kernels: Kernels, p: Problem, mode: Mode, options?: BatchNormOptions): BatchNorm {
  const channels = p.shape[p.layout.indexOf("C")];
  const layer = new BatchNorm(kernels, channels, {
    eps: p.eps,
    gamma: p.gamma !== null,
    beta: p.beta !== null,
    activation: p.activation,
    trackRunningStats: mode !== "eval-batch",
    ...options,
  });
  if (p.gamma) layer.gamma?.data.set(p.gamma);
  if (p.beta) layer.beta?.data.set(p.beta);
  if (p.frozen) layer.runningMean?.set(p.frozen.mean);
  if (p.frozen) layer.runningVar?.set(p.frozen.variance);
  return mode === "train" ? layer.train() : layer.eval();
}

/** The residual as an option, where a problem has one. */
export function residualOf(s: Scope, p: Problem): { residual?: Tensor } {
  return p.residual ? { residual: s.tensor(p, p.residual) } : {};
}

/** The options of `normalize` that a problem stands for. */
export function optionsOf(s: Scope, p: Problem) {
  return { ...gradientOptionsOf(s, { ...p, residual: null }), ...residualOf(s, p) };
}

/** The options of the gradients that a problem stands for, whose dy `gradientOf` gives. */
export function gradientOptionsOf(s: Scope, p: Problem) {
  return {
    gamma: s.vector(p.gamma),
    beta: s.vector(p.beta),
    eps: p.eps,
    activation: p.residual ? ("none" as const) : p.activation,
  };
}

/** What `gradientSums` and `inputGradient` take for dy: after a residual and relu what the mask of y leaves of it. */
export function gradientOf(s: Scope, p: Problem, dy: Tensor, y: Tensor): Tensor {
  return p.residual ? s.own(maskGradient(dy, y, { activation: p.activation })) : dy;
}

export interface StepResult {
  readonly y: Float32Array;
  readonly dx: Float32Array;
  readonly residualGradient: Float32Array | null;
  readonly dgamma: Float32Array | null;
  readonly dbeta: Float32Array | null;
  readonly runningMean: Float64Array | null;
  readonly runningVar: Float64Array | null;
}

/** One forward and one backward of a layer, copied out. */
export function stepIn(kernels: Kernels, p: Problem, mode: Mode, options?: BatchNormOptions): StepResult {
  return scopeIn(kernels, (s) => {
    const layer = s.layer(p, mode, options);
    const x = s.tensor(p, p.x);
    const y = s.own(layer.forward(x, residualOf(s, p)));
    const residualGradient = p.residual ? s.tensor(p) : null;
    const { dx, dgamma, dbeta } = layer.backward(s.tensor(p, p.dy), { residualGradient });
    s.own(dx);
    return {
      y: y.data.slice(),
      dx: dx.data.slice(),
      residualGradient: residualGradient?.data.slice() ?? null,
      dgamma: dgamma?.data.slice() ?? null,
      dbeta: dbeta?.data.slice() ?? null,
      runningMean: layer.runningMean?.slice() ?? null,
      runningVar: layer.runningVar?.slice() ?? null,
    };
  });
}
