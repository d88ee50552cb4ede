import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "../../scripts/common/random.js";
import { classes } from "../common/fashion-mnist.js";

/** A batch normalization layer, whoever made it: over all axes of x but the last. */
export interface Normalizer {
  apply(x: tf.Tensor, training: boolean): tf.Tensor;
  dispose(): void;
}

/** Makes a layer for inputs with `rank` axes. The last axis has `channels` channels. */
export type NormalizerMaker = (channels: number, rank: number) => Normalizer;

interface Layer {
  readonly weight: tf.Variable;
  /** Missing where batch normalization follows: it subtracts a bias together with the mean, and has its own beta. */
  readonly bias: tf.Variable | null;
  readonly normalizer: Normalizer | null;
}

/** Filters as [height, width, in, out], dense weights as [in, out]. */
const shapes: readonly number[][] = [
  [5, 5, 1, 6],
  [5, 5, 6, 16],
  [256, 120],
  [120, 84],
  [84, classes],
];

/**
 * LeNet with sigmoids, and batch normalization between every layer but the last and its sigmoid.
 * Weights start as Xavier-uniform, biases uniform in ±1/sqrt(fan in), as PyTorch's layers start.
 */
export class LeNet {
  readonly #layers: Layer[];

  /** `normalizer` makes the normalization layers; null leaves them out. */
  constructor(random: Random, normalizer: NormalizerMaker | null) {
    const weights = shapes.map((shape) => {
      const [fanIn, fanOut] = fans(shape);
      return variable(random.uniform(tf.util.sizeFromShape(shape), Math.sqrt(6 / (fanIn + fanOut))), shape);
    });
    this.#layers = shapes.map((shape, i) => {
      const outputs = shape[shape.length - 1];
      const normalized = normalizer !== null && i < shapes.length - 1;
      const bias = random.uniform(outputs, 1 / Math.sqrt(fans(shape)[0]));
      return {
        weight: weights[i],
        bias: normalized ? null : variable(bias, [outputs]),
        // Filters have as many axes as images, dense weights as rows of features.
        normalizer: normalized ? normalizer(outputs, shape.length) : null,
      };
    });
  }

  /** Logits [batch, classes] of images [batch, 28, 28, 1] with pixels in [0, 1]. */
  forward(images: tf.Tensor4D, training: boolean): tf.Tensor2D {
    const [conv1, conv2, dense1, dense2, dense3] = this.#layers;
    const convolve = (x: tf.Tensor4D, { weight, ...rest }: Layer) => {
      const y = finish(tf.conv2d(x, weight as tf.Variable<tf.Rank.R4>, 1, "valid"), rest, training);
      return tf.avgPool(tf.sigmoid(y), 2, 2, "valid");
    };
    const connect = (x: tf.Tensor2D, { weight, ...rest }: Layer) =>
      finish(tf.matMul<tf.Tensor2D>(x, weight), rest, training);

    const features = convolve(convolve(images, conv1), conv2);
    const flat = tf.reshape<tf.Rank.R2>(features, [images.shape[0], -1]);
    return connect(tf.sigmoid(connect(tf.sigmoid(connect(flat, dense1)), dense2)), dense3);
  }

  /** Mean cross entropy of `logits`, given the true classes as one-hot rows. */
  static loss(logits: tf.Tensor2D, oneHot: tf.Tensor2D): tf.Scalar {
    return tf.losses.softmaxCrossEntropy(oneHot, logits) as tf.Scalar;
  }

  dispose(): void {
    for (const { weight, bias, normalizer } of this.#layers) {
      weight.dispose();
      bias?.dispose();
      normalizer?.dispose();
    }
  }
}

function finish<T extends tf.Tensor>(x: T, { bias, normalizer }: Omit<Layer, "weight">, training: boolean): T {
  const y = bias ? tf.add<T>(x, bias) : x;
  return normalizer ? (normalizer.apply(y, training) as T) : y;
}

function variable(values: Float32Array, shape: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values, shape)));
}

/** Inputs that one output depends on, and outputs that depend on one input. */
function fans(shape: readonly number[]): [number, number] {
  const taps = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  const [inputs, outputs] = shape.slice(-2);
  return [taps * inputs, taps * outputs];
}
