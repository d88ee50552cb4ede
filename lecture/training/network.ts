import * as tf from "@tensorflow/tfjs-core";
import { classes, pixels } from "../../examples/common/images.js";
import type { Random } from "../../scripts/common/random.js";
import { BatchNorm, type NormSettings } from "./normalization.js";

/**
 * The statistics by which layers normalize. "training": those of the batch, with an update of the running statistics,
 * and with dropout. "batch": those of the batch, without a change. "running", "precise": these statistics. "estimate":
 * those of the batch, which are added to the precise ones.
 */
export type Mode = "training" | "batch" | "running" | "estimate" | "precise";

export interface Layer {
  readonly variables: readonly tf.Variable[];
  apply(x: tf.Tensor, mode: Mode): tf.Tensor;
}

export type Activation = "sigmoid" | "relu" | "tanh" | "linear";

/** Makes a normalization for `channels` channels on the last axis. `where` counts from the input. */
export type NormMaker = (channels: number, where: number) => Layer;

export interface NetworkSettings {
  /** "lenet": that of the lecture; else the widths of a dense network's hidden layers. */
  readonly body: "lenet" | readonly number[];
  readonly activation: Activation;
  /** null: without normalization. */
  readonly norm: NormSettings | null;
  /**
   * The place of each hidden layer's normalization: before its activation (default), after it, or on the layer's input.
   */
  readonly placement?: "before" | "after" | "input";
  /** The hidden layers with a normalization, from 0; default all. */
  readonly where?: readonly number[];
  /** Part of the values that dropout takes away after every dense hidden layer. Default 0. */
  readonly dropout?: number;
  /** Factor of the initial weights, which are Xavier-uniform. Default 1. */
  readonly initScale?: number;
}

/** Layers one after another, from images [batch, 28, 28, 1] to logits [batch, 10]. */
export class Network {
  constructor(readonly layers: readonly Layer[]) {}

  get variables(): tf.Variable[] {
    return this.layers.flatMap(({ variables }) => variables);
  }

  get norms(): BatchNorm[] {
    return this.layers.filter((layer) => layer instanceof BatchNorm);
  }

  forward(images: tf.Tensor, mode: Mode): tf.Tensor2D {
    return this.layers.reduce((x, layer) => layer.apply(x, mode), images) as tf.Tensor2D;
  }

  dispose(): void {
    tf.dispose(this.variables);
  }
}

/** Weights of hidden layers: filters as [height, width, in, out], dense weights as [in, out]. */
const lenet: readonly number[][] = [
  [5, 5, 1, 6],
  [5, 5, 6, 16],
  [256, 120],
  [120, 84],
];

/** The network of `settings` with initial weights from `random`; `makeNorm` in place of batch normalization. */
export function makeNetwork(settings: NetworkSettings, random: Random, makeNorm?: NormMaker): Network {
  const { body, activation, norm, placement = "before", where, dropout = 0, initScale = 1 } = settings;
  const hidden = body === "lenet" ? lenet : body.map((width, i) => [i === 0 ? pixels : body[i - 1], width]);
  const isNormalized = (i: number) => norm !== null && (where === undefined || where.includes(i));
  const normOf = makeNorm ?? ((channels) => new BatchNorm(channels, norm ?? {}));
  // The weights first, so that they are the same whatever else the network has.
  const weights = [...hidden, [hidden[hidden.length - 1][hidden[hidden.length - 1].length - 1], classes]].map(
    (shape) => {
      const [fanIn, fanOut] = fans(shape);
      const count = tf.util.sizeFromShape(shape);
      return variable(random.uniform(count, initScale * Math.sqrt(6 / (fanIn + fanOut))), shape);
    },
  );
  const layers: Layer[] = [];
  for (const [i, shape] of hidden.entries()) {
    const [inputs, outputs] = shape.slice(-2);
    const isDense = shape.length === 2;
    if (isDense && (i === 0 || hidden[i - 1].length > 2)) layers.push(flatten);
    if (isNormalized(i) && placement === "input") layers.push(normOf(inputs, i));
    // A bias that a normalization follows would be subtracted again.
    const bias = isNormalized(i) && placement === "before" ? null : outputs;
    const needsGradient = i > 0 || (isNormalized(i) && placement === "input");
    layers.push(affine(weights[i], bias, needsGradient));
    if (isNormalized(i) && placement === "before") layers.push(normOf(outputs, i));
    layers.push(stateless(activations[activation]));
    if (isNormalized(i) && placement === "after") layers.push(normOf(outputs, i));
    if (!isDense) layers.push(stateless((x) => tf.avgPool(x as tf.Tensor4D, 2, 2, "valid")));
    if (isDense && dropout > 0) layers.push(dropoutLayer(dropout, random));
  }
  layers.push(affine(weights[hidden.length], classes));
  return new Network(layers);
}

/**
 * x W + b: a convolution with valid padding, or a dense layer. The bias starts at 0; null for none. `needsGradient`:
 * whether anything before it learns.
 */
export function affine(weight: tf.Variable, biasLength: number | null, needsGradient = true): Layer {
  const bias = biasLength === null ? null : tf.tidy(() => tf.variable(tf.zeros([biasLength])));
  return {
    variables: bias === null ? [weight] : [weight, bias],
    apply(x) {
      const y =
        weight.rank === 4
          ? tf.conv2d(x as tf.Tensor4D, weight as tf.Variable<tf.Rank.R4>, 1, "valid")
          : matMul(x as tf.Tensor2D, weight as tf.Variable<tf.Rank.R2>, needsGradient);
      return bias === null ? y : tf.add(y, bias);
    },
  };
}

/**
 * Computes x W, with gradients that transpose before they multiply. The wasm backend has a fast kernel only for factors
 * that are not transposed. This makes a step of a dense network 2 to 3 times faster.
 */
function matMul(x: tf.Tensor2D, weight: tf.Tensor2D, needsGradient: boolean): tf.Tensor2D {
  const product = tf.customGrad((...args: unknown[]) => {
    const save = args[args.length - 1] as tf.GradSaveFunc;
    save([x, weight]);
    const gradFunc = (dy: tf.Tensor2D, [x, weight]: tf.Tensor[]) => {
      const dWeight = tf.matMul(tf.transpose(x), dy);
      return needsGradient ? [tf.matMul(dy, tf.transpose(weight)), dWeight] : [dWeight];
    };
    return { value: tf.matMul(x, weight) as tf.Tensor2D, gradFunc };
  });
  return (needsGradient ? product(x, weight) : product(weight)) as tf.Tensor2D;
}

export const activations: Readonly<Record<Activation, (x: tf.Tensor) => tf.Tensor>> = {
  sigmoid: tf.sigmoid,
  relu: tf.relu,
  tanh: tf.tanh,
  linear: (x) => x,
};

export function stateless(apply: (x: tf.Tensor) => tf.Tensor): Layer {
  return { variables: [], apply };
}

const flatten = stateless((x) => tf.reshape(x, [x.shape[0], -1]));

/** Sets values to 0 with probability `rate`, in training only, and scales the others up. */
function dropoutLayer(rate: number, random: Random): Layer {
  return {
    variables: [],
    apply: (x, mode) => (mode === "training" ? tf.dropout(x, rate, undefined, random.next() * 2 ** 31) : x),
  };
}

export function variable(values: Float32Array, shape: readonly number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values, [...shape])));
}

/** Inputs that one output depends on, and outputs that depend on one input. */
function fans(shape: readonly number[]): [number, number] {
  const taps = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  const [inputs, outputs] = shape.slice(-2);
  return [taps * inputs, taps * outputs];
}
