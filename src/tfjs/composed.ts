import {
  add,
  batchNorm,
  engine,
  moments,
  mul,
  type Rank,
  reshape,
  rsqrt,
  sub,
  type Tensor,
  type Tensor1D,
  type TensorInfo,
  zeros,
} from "@tensorflow/tfjs-core";
import type { InferenceInputs } from "./inference.js";
import type { MovingStatistics } from "./training.js";

/**
 * The same computations in operations of TensorFlow.js, which have gradients of gradients. They serve the backends that
 * the kernels do not reach, and gradients of gradients. Like the operations they leave tensors in the scope.
 */

/** Mean and population variance over all axes but one, with extent 1 for those; 0 where x is empty. */
export function composedMoments(x: Tensor, axis: number): { mean: Tensor; variance: Tensor } {
  const others = x.shape.map((_, i) => i).filter((i) => i !== axis);
  if (x.size > 0) return moments(x, others, true);
  const shape = x.shape.map((extent, i) => (i === axis ? extent : 1)); // webgl refuses to reduce an empty tensor
  return { mean: zeros(shape), variance: zeros(shape) };
}

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta; parameters of rank 1 lie at `axis`, others broadcast. */
export function composedNormalize(inputs: InferenceInputs<Tensor>, axis: number, eps: number): Tensor {
  const { x, mean, variance, gamma, beta } = inputs;
  const at = (parameter: Tensor) =>
    parameter.rank === 1
      ? reshape(
          parameter,
          x.shape.map((_, i) => (i === axis ? parameter.size : 1)),
        )
      : parameter;
  const invstd = rsqrt(add(at(variance), eps));
  const scale = gamma ? mul(invstd, at(gamma)) : invstd;
  const y = mul(sub(x, at(mean)), scale);
  return beta ? add(y, at(beta)) : y;
}

/**
 * Tells whether each parameter has one value for each index of x's last axis. The kernel of every backend is right for
 * these.
 */
export function isPlain({ x, mean, variance, gamma, beta }: InferenceInputs<TensorInfo>): boolean {
  const channels = x.shape[x.shape.length - 1];
  return [mean, variance, gamma, beta].every((p) => p === null || (p.shape.length === 1 && p.shape[0] === channels));
}

/**
 * The same as {@link composedNormalize}. If no tape records and the backend's own kernel is right, it is used: one pass
 * over memory instead of three.
 */
export function composedInference(inputs: InferenceInputs<Tensor>, axis: number, eps: number): Tensor {
  const { x, mean, variance, gamma, beta } = inputs;
  if (engine().isTapeOn() || axis !== x.rank - 1 || x.size === 0 || !isPlain(inputs)) {
    return composedNormalize(inputs, axis, eps);
  }
  const [channels] = mean.shape;
  const rows = x.rank > 4 ? reshape(x, [x.size / channels, channels]) : x;
  const y = batchNorm<Rank>(
    rows,
    mean as Tensor1D,
    variance as Tensor1D,
    (beta as Tensor1D | null) ?? undefined,
    (gamma as Tensor1D | null) ?? undefined,
    eps,
  );
  return x.rank > 4 ? reshape(y, x.shape) : y;
}

/** Computes y by the statistics of x itself. */
export function composedTraining(
  x: Tensor,
  gamma: Tensor | null,
  beta: Tensor | null,
  axis: number,
  eps: number,
): { y: Tensor; mean: Tensor; variance: Tensor } {
  const { mean, variance } = composedMoments(x, axis);
  const y = composedNormalize({ x, mean, variance, gamma, beta }, axis, eps);
  return { y, mean: reshape(mean, [mean.size]), variance: reshape(variance, [variance.size]) };
}

/** Computes a step of a layer: y, and the next moving statistics, or null for an empty batch. */
export function composedStep(
  x: Tensor,
  gamma: Tensor | null,
  beta: Tensor | null,
  axis: number,
  eps: number,
  moving: MovingStatistics<Tensor>,
): { y: Tensor; moved: { mean: Tensor; variance: Tensor } | null } {
  const { y, mean, variance } = composedTraining(x, gamma, beta, axis, eps);
  if (x.size === 0) return { y, moved: null };
  const follow = (old: Tensor, batch: Tensor) => add(mul(old, moving.momentum), mul(batch, 1 - moving.momentum));
  return { y, moved: { mean: follow(moving.mean, mean), variance: follow(moving.variance, variance) } };
}
