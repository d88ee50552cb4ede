import { cast, type Tensor, type Tensor1D, type TensorInfo, tidy } from "@tensorflow/tfjs-core";
import { checkEps, checkOneOf } from "../arguments.js";
import { unfit, wrongType } from "../errors.js";
import { checkOptions } from "../options.js";
import { alignShape } from "./broadcast.js";
import { composedInference, composedTraining } from "./composed.js";
import { differentiableInference, differentiableMoments, differentiableTraining } from "./differentiable.js";
import { checkAxis, type Extents, extentsOf } from "./extents.js";
import { currentHost } from "./hosts.js";

/** The result for a batch with one value per channel, which has no variance. */
export type SingleValue = "refuse" | "pass";
export const SINGLE_VALUE = ["refuse", "pass"] as const;

export interface NormalizationOptions {
  /** The axis of the channels. Default -1. */
  axis?: number | undefined;
  /** Added to the variance under the root. Default 1e-3, as in TensorFlow.js. */
  eps?: number | undefined;
}

export interface TrainingOptions extends NormalizationOptions {
  /**
   * A batch with one value per channel: "refuse", the default, throws; "pass" gives y = beta, as TensorFlow.js does.
   */
  singleValue?: SingleValue | undefined;
}

/** The options of both functions, so that one object can serve both. Inference ignores the last. */
const OPTIONS: readonly (keyof TrainingOptions)[] = ["axis", "eps", "singleValue"];

/** This is a type and no interface, because tf.tidy and tf.dispose need it. */
export type TrainingResult<T extends Tensor = Tensor> = {
  /** The normalized tensor, of x's shape. */
  readonly y: T;
  /** The mean of the batch, shape [C]. */
  readonly mean: Tensor1D;
  /** The population variance of the batch, shape [C]. */
  readonly variance: Tensor1D;
};

/**
 * Batch normalization by the statistics of x: y = (x - mean) / sqrt(variance + eps) * gamma + beta, per channel (Ioffe
 * and Szegedy 2015). All three results have gradients. The gradient of y includes that through the statistics.
 * @param x of rank 2 or more
 * @param gamma scale of shape [C], null for none
 * @param beta shift of shape [C], null for none
 * @throws TypeError, RangeError for a wrong argument
 */
export function batchNormTraining<T extends Tensor>(
  x: T,
  gamma: Tensor | null = null,
  beta: Tensor | null = null,
  options: TrainingOptions = {},
): TrainingResult<T> {
  checkTensor("x", x);
  const { axis, eps } = checkNormalizationOptions(options, x, 2);
  const { singleValue = "refuse" } = options;
  checkOneOf("singleValue", singleValue, SINGLE_VALUE);
  const extents = extentsOf(x.shape, axis, axis + 1);
  checkVector("gamma", gamma, x, axis);
  checkVector("beta", beta, x, axis);
  if (singleValue === "refuse") checkCount(x, axis, extents);
  return tidy("batchNormTraining", () => {
    const input = asFloat("x", x);
    const [floatGamma, floatBeta] = [gamma && asFloat("gamma", gamma), beta && asFloat("beta", beta)];
    const host = currentHost();
    if (host === null) return composedTraining(input, floatGamma, floatBeta, axis, eps);
    const { y, statistics } = differentiableTraining(host, input, floatGamma, floatBeta, axis, extents, eps);
    return { y, ...differentiableMoments(input, statistics, axis, extents) };
  }) as unknown as TrainingResult<T>;
}

/**
 * Normalization by given statistics: y = (x - mean) / sqrt(variance + eps) * gamma + beta, with gradients for all
 * inputs, each in its own shape. A parameter has shape [C], or x's rank with extents of x or 1. The parameters may have
 * different shapes.
 * @param x of rank 1 or more
 * @param gamma scale, null for none
 * @param beta shift, null for none
 * @throws TypeError, RangeError for a wrong argument
 */
export function batchNormInference<T extends Tensor>(
  x: T,
  mean: Tensor,
  variance: Tensor,
  gamma: Tensor | null = null,
  beta: Tensor | null = null,
  options: NormalizationOptions = {},
): T {
  for (const [name, value] of Object.entries({ x, mean, variance })) checkTensor(name, value);
  for (const [name, value] of Object.entries({ gamma, beta })) if (value !== null) checkTensor(name, value);
  const { axis, eps } = checkNormalizationOptions(options, x, 1);
  return tidy("batchNormInference", () => {
    const inputs = {
      x: asFloat("x", x),
      mean: asFloat("mean", mean),
      variance: asFloat("variance", variance),
      gamma: gamma && asFloat("gamma", gamma),
      beta: beta && asFloat("beta", beta),
    };
    for (const [name, parameter] of Object.entries({ mean, variance, gamma, beta })) {
      if (parameter !== null) alignShape(name, parameter.shape, x.shape, axis);
    }
    const host = currentHost();
    return host ? differentiableInference(host, inputs, axis, eps) : composedInference(inputs, axis, eps);
  }) as T;
}

/** Converts to float32, the type of the kernels. The conversion is differentiable. */
export function asFloat(name: string, tensor: Tensor): Tensor {
  const { dtype } = tensor;
  if (dtype === "float32") return tensor;
  if (!isReal(tensor)) throw new TypeError(`"${name}" expected float32, int32 or bool, got ${dtype}`);
  return cast(tensor, "float32");
}

/** Tells whether {@link asFloat} accepts a tensor. */
export function isReal({ dtype }: TensorInfo): boolean {
  return dtype === "float32" || dtype === "int32" || dtype === "bool";
}

function checkNormalizationOptions(
  options: NormalizationOptions,
  x: Tensor,
  leastRank: number,
): { axis: number; eps: number } {
  checkOptions(options, OPTIONS);
  const { axis = -1, eps = 1e-3 } = options;
  if (x.rank < leastRank) throw unfit("x", `a tensor of rank ${leastRank} or more`, `shape [${x.shape.join(", ")}]`);
  return { axis: checkAxis(axis, x.shape), eps: checkEps(eps) };
}

function checkTensor(name: string, value: unknown): void {
  const { dataId, shape, isDisposed } = (value ?? {}) as Partial<Tensor>;
  if (dataId === undefined || !Array.isArray(shape)) throw wrongType(name, "a tensor", value);
  if (isDisposed) throw new Error("tensor was disposed");
}

function checkVector(name: string, value: Tensor | null, x: Tensor, axis: number): void {
  if (value === null) return;
  checkTensor(name, value);
  if (value.rank !== 1 || value.size !== x.shape[axis]) {
    throw unfit(name, `shape [${x.shape[axis]}]`, `shape [${value.shape.join(", ")}]`);
  }
}

/** Refuses a batch with one value per channel. */
export function checkCount(x: Tensor, axis: number, { count }: Extents): void {
  if (count !== 1) return;
  const got = `1 (shape [${x.shape.join(", ")}], axis ${axis})`;
  const advice =
    'take larger batches, or keep the y = beta of TensorFlow.js by the option singleValue: "pass" of ' +
    "install or batchNormTraining";
  throw new RangeError(`"x" expected at least 2 values per channel in training, got ${got}: ${advice}`);
}
