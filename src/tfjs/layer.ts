import { engine, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { Settings } from "../distributed/agreement.js";
import { composedInference, composedStep } from "./composed.js";
import { differentiableInference, differentiableSynchronised, differentiableTraining } from "./differentiable.js";
import { type Extents, extentsOf } from "./extents.js";
import type { Host } from "./host.js";
import { currentHost } from "./hosts.js";
import type { InferenceInputs } from "./inference.js";
import { choices, installation } from "./installation.js";
import { asFloat, checkCount, isReal } from "./ops.js";
import { localStatistics, reductionOf, type Synchronised } from "./synchronised.js";
import { isObserved } from "./tape.js";

/** A weight of a layer: a named variable. */
interface LayerVariable {
  readonly trainable: boolean;
  read(): Tensor;
  write(value: Tensor): unknown;
}

/**
 * A layer of tf.layers.batchNormalization, as far as its computation needs it. It has gamma with scale, beta with
 * center.
 */
export interface BatchNormalizationLayer {
  readonly name: string;
  readonly trainable: boolean;
  /** The nodes of the layer, one for each use in a model, with the arguments of that call. */
  readonly inboundNodes: readonly { readonly callArgs?: { readonly training?: boolean } | null }[];
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

/** One call of a layer; mean and variance are the moving ones. */
interface Call extends InferenceInputs<Tensor> {
  readonly layer: BatchNormalizationLayer;
  /** The host, or null on a backend that the kernels do not reach. */
  readonly host: Host | null;
  readonly axis: number;
}

/**
 * A layer's computation by the kernels, or by operations on backends that they do not reach. All other calls go to
 * `original`, which computes them or throws its own error.
 */
export function fusedCall(original: LayerCall): LayerCall {
  return function call(inputs, kwargs) {
    const given = callOf(this, inputs);
    if (given === null) return original.call(this, inputs, kwargs);
    const compute = isTraining(this, kwargs?.training) ? train : infer;
    // Only the result is made, so no scope is needed. A scope would take 20 µs, until the engine has compiled it.
    if (given.host !== null && given.x.dtype === "float32" && !isObserved()) return compute(given);
    return tidy("batchNormalization", () => compute({ ...given, x: asFloat("x", given.x) }));
  };
}

/** Returns null if x is not one tensor of real numbers, or if a weight is not a float32 vector over the axis. */
export function callOf(layer: BatchNormalizationLayer, inputs: Tensor | Tensor[]): Call | null {
  const x = Array.isArray(inputs) ? inputs[0] : inputs;
  if ((Array.isArray(inputs) && inputs.length !== 1) || !isReal(x)) return null;
  const own: unknown = Array.isArray(layer.axis) && layer.axis.length === 1 ? layer.axis[0] : layer.axis;
  if (typeof own !== "number") return null;
  const axis = own < 0 ? own + x.rank : own;
  const channels = x.shape[axis]; // undefined if there is no such axis
  const mean = layer.movingMean.read();
  const variance = layer.movingVariance.read();
  const gamma = layer.gamma?.read() ?? null;
  const beta = layer.beta?.read() ?? null;
  if (!fits(mean, channels) || !fits(variance, channels)) return null;
  if ((gamma && !fits(gamma, channels)) || (beta && !fits(beta, channels))) return null;
  return { layer, host: currentHost(), x, axis, gamma, beta, mean, variance };
}

function fits({ dtype, shape }: Tensor, channels: number): boolean {
  return dtype === "float32" && shape.length === 1 && shape[0] === channels;
}

/** `training` is the argument of the call. A model passes nothing in inference, so the layer's nodes decide. */
function isTraining(layer: BatchNormalizationLayer, training: boolean | null | undefined): boolean {
  if (training === false) return false;
  const nodes = layer.inboundNodes;
  if (!training && !(nodes.length > 0 && nodes.every(({ callArgs }) => callArgs?.training === true))) return false;
  return choices().frozen === "training" || !isFrozen(layer);
}

/** A model that is set not trainable freezes the weights of its layers, but does not tell the layers. */
function isFrozen({ trainable, gamma, beta }: BatchNormalizationLayer): boolean {
  const weights = [gamma, beta].filter((weight) => weight !== null && weight !== undefined);
  return !trainable || (weights.length > 0 && weights.every((weight) => !weight.trainable));
}

function infer(call: Call): Tensor {
  const { layer, host, axis } = call;
  if (host === null) return composedInference(call, axis, layer.epsilon);
  return differentiableInference(host, call, axis, layer.epsilon);
}

function train({ layer, host, x, axis, gamma, beta, mean, variance }: Call): Tensor {
  const { epsilon, momentum, movingMean, movingVariance } = layer;
  const extents = extentsOf(x.shape, axis, axis + 1);
  const moving = { mean, variance, momentum };
  const synchronised = synchronise(layer, host, x, extents);
  if ((synchronised?.global ?? extents).count === 1) meetSingleValue(layer, x, axis, { ...extents, count: 1 });
  const { y, moved } =
    host === null
      ? composedStep(x, gamma, beta, axis, epsilon, moving)
      : synchronised !== null
        ? differentiableSynchronised(host, [x, gamma, beta], extents, epsilon, moving, synchronised)
        : differentiableTraining(host, x, gamma, beta, axis, extents, epsilon, moving);
  if (moved !== null) {
    write(movingMean, moved.mean);
    write(movingVariance, moved.variance);
  }
  return y;
}

/** Returns the statistics of all ranks if `install` got `allReduce`, else null. */
function synchronise(
  layer: BatchNormalizationLayer,
  host: Host | null,
  x: Tensor,
  extents: Extents,
): Synchronised | null {
  const { allReduce } = choices();
  if (allReduce === undefined) return null;
  if (host === null) throw new Error(`allReduce needs kernels, which the backend "${engine().backendName}" has not`);
  const reduction = reductionOf(allReduce, layer);
  const local = localStatistics(host, x, extents);
  const messages = () => reduction.moments(local);
  return { reduction, global: reduction.send(messages, () => settingsOf(layer, extents.channels)) };
}

/** Returns the settings that the layers of all ranks must have in common. */
export function settingsOf(layer: BatchNormalizationLayer, channels: number): Settings {
  const { momentum, epsilon, gamma, beta } = layer;
  return { channels, momentum, epsilon, scale: !!gamma, center: !!beta };
}

export function write(variable: LayerVariable, value: Tensor): void {
  variable.write(value); // takes over the data
  value.dispose();
}

/** Refuses a batch with one value per channel, or warns once per layer. */
function meetSingleValue(layer: BatchNormalizationLayer, x: Tensor, axis: number, extents: Extents): void {
  const { warned } = installation();
  if (choices().singleValue === "refuse") checkCount(x, axis, extents);
  if (warned.has(layer)) return;
  warned.add(layer);
  console.warn(
    `batchnorm-wasm: layer "${layer.name}" was trained with one value per channel (shape [${x.shape.join(", ")}], axis ` +
      `${axis}). Then y is beta whatever x is, and the moving variance shrinks. Choose a batch size that leaves no single ` +
      'sample over, or find the place with install(tf, { singleValue: "refuse" }).',
  );
}
