import { add, moments, mul, reshape, rsqrt, sub, type Tensor } from "@tensorflow/tfjs-core";
import type { InferenceInputs } from "./inference.js";

/**
 * The same computations made of operations of TensorFlow.js, whose gradients have gradients in turn: for the backends
 * that the kernels do not reach, and for gradients of gradients.
 */

/** Mean and population variance over all axes but one, with extent 1 for those. */
export function composedMoments(x: Tensor, axis: number): { mean: Tensor; variance: Tensor } {
  const others = x.shape.map((_, i) => i).filter((i) => i !== axis);
  return moments(x, others, true);
}

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta; parameters of rank 1 stand at `axis`, others broadcast. */
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

/** y by the statistics of x itself. */
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
