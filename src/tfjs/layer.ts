import { type Tensor, type TensorInfo, tidy } from "@tensorflow/tfjs-core";
import { differentiableInference, differentiableTraining, tensorOf } from "./differentiable.js";
import { checkAxis, extentsOf } from "./extents.js";
import { currentHost, type Host } from "./host.js";
import { installation } from "./installation.js";
import { asFloat, checkCount } from "./ops.js";
import { isObserved } from "./tape.js";

/** A weight of a layer: a variable behind a name. */
interface LayerVariable {
  read(): Tensor;
  write(value: Tensor): unknown;
}

/** What tf.layers.batchNormalization makes, as far as its computation goes. It has gamma with scale, beta with center. */
export interface BatchNormalizationLayer {
  /** TensorFlow 2 saves it as an array of one. */
  axis: number | readonly number[];
  /** Weight of the old value in the moving statistics. */
  momentum: number;
  epsilon: number;
  gamma?: LayerVariable | null;
  beta?: LayerVariable | null;
  movingMean: LayerVariable;
  movingVariance: LayerVariable;
}

export type LayerCall = (
  this: BatchNormalizationLayer,
  inputs: Tensor | Tensor[],
  kwargs: { training?: boolean },
) => Tensor | Tensor[];

/** A layer's computation by the kernels; by `original` on backends that they do not reach. */
export function fusedCall(original: LayerCall): LayerCall {
  return function call(inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const host = currentHost();
    // How many inputs are too many is for the original to say.
    if (host === null || (Array.isArray(inputs) && inputs.length !== 1)) return original.call(this, inputs, kwargs);
    const compute = kwargs?.training ? train : infer;
    // Nothing is made but the result. A scope would take 20 us, until the engine has compiled it.
    if (x.dtype === "float32" && !isObserved()) return compute(this, host, x);
    return tidy("batchNormalization", () => compute(this, host, x));
  };
}

function infer(layer: BatchNormalizationLayer, host: Host, x: Tensor): Tensor {
  const inputs = {
    x: asFloat("x", x),
    mean: layer.movingMean.read(),
    variance: layer.movingVariance.read(),
    gamma: layer.gamma?.read() ?? null,
    beta: layer.beta?.read() ?? null,
  };
  return differentiableInference(host, inputs, axisOf(layer, x), layer.epsilon);
}

function axisOf({ axis }: BatchNormalizationLayer, x: Tensor): number {
  return checkAxis(Array.isArray(axis) && axis.length === 1 ? axis[0] : axis, x.shape);
}

function train(layer: BatchNormalizationLayer, host: Host, x: Tensor): Tensor {
  const axis = axisOf(layer, x);
  const extents = extentsOf(x.shape, axis, axis + 1);
  if (installation().singleValue === "refuse") checkCount(x, axis, extents);
  const { movingMean, movingVariance, momentum } = layer;
  const [gamma, beta] = [layer.gamma?.read() ?? null, layer.beta?.read() ?? null];
  const moving = { mean: movingMean.read(), variance: movingVariance.read(), momentum };
  const { y, moved } = differentiableTraining(host, asFloat("x", x), gamma, beta, axis, extents, layer.epsilon, moving);
  if (moved !== null) {
    write(movingMean, moved.mean);
    write(movingVariance, moved.variance);
  }
  return y;
}

function write(variable: LayerVariable, value: TensorInfo): void {
  const tensor = tensorOf(value);
  variable.write(tensor); // takes over the data
  tensor.dispose();
}
