import {
  engine,
  type GradConfig,
  type GradFunc,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  type Tensor,
  type TensorInfo,
  tidy,
} from "@tensorflow/tfjs-core";
import { broadcasts } from "./broadcast.js";
import { composedNormalize, isPlain } from "./composed.js";
import { tensorOf } from "./differentiable.js";
import { BACKENDS, currentHost, hostOf } from "./hosts.js";
import { InferenceGradients, type InferenceInputs, inferenceForward, inferenceOf } from "./inference.js";
import { asFloat, isReal } from "./ops.js";
import { innerGradients } from "./tape.js";

/** The name of the kernel of tf.batchNorm, which normalizes by given statistics. */
export const FUSED_BATCH_NORM = "FusedBatchNorm";

/** The names of the kernel's inputs, in the order in which they are saved for the gradient. */
const NAMES = ["x", "mean", "variance", "scale", "offset"] as const;

const ours = new WeakSet<KernelFunc>();
/** The inputs of each call that our kernel computed, by the call's attributes. */
const present = new WeakMap<NamedAttrMap, readonly string[]>();
/** The inputs of the last call; null if the original computed it. */
let lastPresent: readonly string[] | null = null;

function inputsOf<T extends TensorInfo>(named: { readonly [name: string]: T | undefined }): InferenceInputs<T> {
  const { x, mean, variance, scale = null, offset = null } = named;
  return { x: x as T, mean: mean as T, variance: variance as T, gamma: scale, beta: offset };
}

const epsOf = ({ varianceEpsilon }: NamedAttrMap) => (varianceEpsilon as number | undefined) ?? 1e-3;

/**
 * Returns our kernel, which replaces `original` but keeps its set-up, because it may be restored. It computes by the
 * kernels, or by operations on other backends. The original computes the calls that ours cannot.
 */
export function fusedBatchNormKernel(original: KernelConfig): KernelConfig {
  const reached = BACKENDS.includes(original.backendName);
  const kernelFunc: KernelFunc = (call) => {
    const { inputs, backend, attrs = {} } = call;
    // tf.batchNorm gives an absent scale or offset the value undefined, and its tape fails when it reads that.
    for (const name of NAMES) if (!inputs[name]) Reflect.deleteProperty(inputs, name);
    const given = Object.values(inputs) as TensorInfo[];
    const { shape } = inputs.x as TensorInfo;
    const isForOurs = given.every((tensor) => isReal(tensor) && broadcasts(tensor.shape, shape));
    lastPresent = isForOurs ? NAMES.filter((name) => inputs[name]) : null;
    if (!isForOurs) return original.kernelFunc(call);
    present.set(attrs, lastPresent as readonly string[]);
    const host = reached ? hostOf(backend) : null;
    const isRight = host === null && isPlain(inputsOf(inputs)) && given.every(({ dtype }) => dtype === "float32");
    if (isRight) return original.kernelFunc(call);
    return withFloats(inputs, (named) => {
      const floats = inputsOf(named);
      if (host !== null) return inferenceForward(host, inferenceOf(floats, null, epsOf(attrs)));
      return tidy(() => composedNormalize(floats as InferenceInputs<Tensor>, shape.length - 1, epsOf(attrs)));
    });
  };
  ours.add(kernelFunc);
  return { ...original, kernelFunc };
}

/** Runs a function with float32 inputs, and disposes the converted tensors. */
function withFloats<T>(inputs: NamedTensorInfoMap, run: (floats: NamedTensorInfoMap) => T): T {
  const converted: Tensor[] = [];
  const floats = Object.entries(inputs).map(([name, tensor]) => {
    const float = asFloat(name, tensor as Tensor);
    if (float !== tensor) converted.push(float);
    return [name, float];
  });
  try {
    return run(Object.fromEntries(floats));
  } finally {
    for (const tensor of converted) tensor.dispose();
  }
}

/** Returns a gradient: ours for the calls that our kernels computed, `original` for the others. */
export function fusedBatchNormGradient(original: GradConfig | undefined): GradConfig {
  return {
    ...original,
    kernelName: FUSED_BATCH_NORM,
    // TensorFlow.js reads this right after each call of the current backend's kernel.
    get inputsToSave() {
      const kernel = getKernel(FUSED_BATCH_NORM, engine().backendName);
      const names = kernel && ours.has(kernel.kernelFunc) ? lastPresent : null;
      return names ? [...names] : (original?.inputsToSave ?? []);
    },
    gradFunc(dy, saved, attrs) {
      const names = present.get(attrs);
      if (names !== undefined && names.length !== saved.length) {
        throw new Error(`${FUSED_BATCH_NORM} expected attributes in an object of its own for each call`);
      }
      if (names !== undefined) return gradients(dy as Tensor, saved, names, epsOf(attrs));
      if (original === undefined) throw new Error(`no gradient of ${FUSED_BATCH_NORM} for ${engine().backendName}`);
      return original.gradFunc(dy, saved, attrs);
    },
  };
}

function gradients(dy: Tensor, saved: Tensor[], names: readonly string[], eps: number): ReturnType<GradFunc> {
  const named = (tensors: readonly Tensor[]) => {
    return inputsOf(Object.fromEntries(names.map((name, i) => [name, asFloat(name, tensors[i])])));
  };
  const host = currentHost();
  // While a tape records, these gradients need gradients themselves, and those of the kernels have none.
  if (host === null || engine().isTapeOn()) {
    const normalize = (...tensors: Tensor[]) => composedNormalize(named(tensors), tensors[0].rank - 1, eps);
    const composed = innerGradients(normalize, saved, dy);
    return Object.fromEntries(names.map((name, i) => [name, () => composed[i]]));
  }
  const each = new InferenceGradients(host, dy, inferenceOf(named(saved), null, eps));
  return {
    x: () => tensorOf(each.x()),
    mean: () => each.mean(),
    variance: () => each.variance(),
    scale: () => each.gamma(),
    offset: () => each.beta(),
  };
}
