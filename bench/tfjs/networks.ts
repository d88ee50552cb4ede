import { BatchNormalization } from "batchnorm-wasm/tfjs/layers";
import { type RaceOptions, race } from "../measure.js";
import { tf, tfl, useBackend } from "./backends.js";
import { installWithOwn } from "./own-kernels.js";
import type { NetworkResult } from "./results.js";

type Symbolic = tfl.SymbolicTensor;
/** Makes the layer after a convolution or a dense layer: a batch normalization, or none. */
type Normalization = (x: Symbolic) => Symbolic;

interface Network {
  readonly name: string;
  readonly batch: number;
  readonly input: readonly [number, number, number];
  /** The model from images to ten logits. */
  build(x: Symbolic, normalization: Normalization): Symbolic;
}

const { layers } = tfl;
const apply = (layer: tfl.layers.Layer, x: Symbolic | Symbolic[]) => layer.apply(x) as Symbolic;
const seeded = (seed: number) => tfl.initializers.glorotUniform({ seed });

function leNet(image: Symbolic, normalization: Normalization): Symbolic {
  let x = image;
  for (const [seed, filters] of [6, 16].entries()) {
    x = apply(layers.conv2d({ filters, kernelSize: 5, kernelInitializer: seeded(seed) }), x);
    x = apply(layers.activation({ activation: "sigmoid" }), normalization(x));
    x = apply(layers.averagePooling2d({ poolSize: 2 }), x);
  }
  x = apply(layers.flatten(), x);
  for (const [seed, units] of [120, 84].entries()) {
    x = apply(layers.dense({ units, kernelInitializer: seeded(10 + seed) }), x);
    x = apply(layers.activation({ activation: "sigmoid" }), normalization(x));
  }
  return apply(layers.dense({ units: 10, kernelInitializer: seeded(20) }), x);
}

/**
 * A stem of 16 channels and five blocks of 16, 16, 32, 32 and 64 channels. A block is conv 3x3, BN, ReLU, conv 3x3, BN,
 * add, ReLU.
 */
function resNet(image: Symbolic, normalization: Normalization): Symbolic {
  let seed = 0;
  const convolution = (x: Symbolic, filters: number, strides: number, kernelSize = 3) => {
    const kernelInitializer = seeded(seed++);
    const options = { filters, kernelSize, strides, padding: "same", useBias: false, kernelInitializer } as const;
    return normalization(apply(layers.conv2d(options), x));
  };
  const relu = (x: Symbolic) => apply(layers.reLU(), x);
  let x = relu(convolution(image, 16, 1));
  let channels = 16;
  for (const filters of [16, 16, 32, 32, 64]) {
    const strides = filters === channels ? 1 : 2;
    const inner = convolution(relu(convolution(x, filters, strides)), filters, 1);
    const around = strides === 1 ? x : convolution(x, filters, strides, 1);
    x = relu(apply(layers.add(), [inner, around]));
    channels = filters;
  }
  x = apply(layers.globalAveragePooling2d({}), x);
  return apply(layers.dense({ units: 10, kernelInitializer: seeded(seed) }), x);
}

/**
 * The deep-Q network of the TensorFlow.js examples, which plays Snake. It has three convolutions, two of them
 * normalized.
 */
function deepQ(board: Symbolic, normalization: Normalization): Symbolic {
  const convolution = (x: Symbolic, filters: number, seed: number) => {
    return apply(layers.conv2d({ filters, kernelSize: 3, activation: "relu", kernelInitializer: seeded(seed) }), x);
  };
  let x = normalization(convolution(board, 128, 0));
  x = normalization(convolution(x, 256, 1));
  x = apply(layers.flatten(), convolution(x, 256, 2));
  x = apply(layers.dense({ units: 100, activation: "relu", kernelInitializer: seeded(3) }), x);
  return apply(layers.dense({ units: 10, kernelInitializer: seeded(4) }), x);
}

/** The ACGAN of the TensorFlow.js examples: a generator of 28x28 images, followed by the discriminator. */
function acgan(latent: Symbolic, normalization: Normalization): Symbolic {
  let seed = 0;
  const next = () => seeded(seed++);
  const up = (
    x: Symbolic,
    filters: number,
    strides: number,
    padding: "same" | "valid",
    activation: "relu" | "tanh",
  ) => {
    const options = { filters, kernelSize: 5, strides, padding, activation, kernelInitializer: next() } as const;
    return apply(layers.conv2dTranspose(options), x);
  };
  let x = apply(layers.flatten(), latent);
  x = apply(layers.dense({ units: 3 * 3 * 384, activation: "relu", kernelInitializer: next() }), x);
  x = apply(layers.reshape({ targetShape: [3, 3, 384] }), x);
  x = normalization(up(x, 192, 1, "valid", "relu"));
  x = normalization(up(x, 96, 2, "same", "relu"));
  x = up(x, 1, 2, "same", "tanh");
  for (const [i, filters] of [32, 64, 128, 256].entries()) {
    const options = { filters, kernelSize: 3, strides: i % 2 === 0 ? 2 : 1, padding: "same" } as const;
    x = apply(layers.leakyReLU({ alpha: 0.2 }), apply(layers.conv2d({ ...options, kernelInitializer: next() }), x));
  }
  return apply(layers.dense({ units: 10, kernelInitializer: next() }), apply(layers.flatten(), x));
}

export const NETWORKS: readonly Network[] = [
  { name: "LeNet", batch: 256, input: [28, 28, 1], build: leNet },
  { name: "ResNet-like, 11 convolutions of 3x3", batch: 32, input: [32, 32, 3], build: resNet },
  { name: "deep-Q", batch: 64, input: [9, 9, 2], build: deepQ },
  { name: "ACGAN-shaped pair", batch: 32, input: [1, 1, 100], build: acgan },
];

const NORMALIZATIONS: Readonly<Record<"tfjs" | "ours" | "none", Normalization>> = {
  tfjs: (x) => apply(layers.batchNormalization(), x),
  ours: (x) => apply(new BatchNormalization(), x),
  none: (x) => x,
};

/** A step of stochastic gradient descent on one batch; returns the loss. */
function stepOf({ batch, input, build }: Network, normalization: Normalization) {
  const image = tfl.input({ shape: [...input] });
  const model = tfl.model({ inputs: image, outputs: build(image, normalization) });
  const optimizer = tf.train.sgd(1e-3);
  const [x, labels] = tf.tidy(() => {
    const classes = Array.from({ length: batch }, (_, i) => (7 * i) % 10);
    return [tf.randomUniform([batch, ...input], 0, 1, "float32", 1), tf.oneHot(classes, 10, 1, 0, "float32")] as const;
  });
  const loss = () => tf.losses.softmaxCrossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor);
  return () => {
    const value = optimizer.minimize(() => loss() as tf.Scalar, true) as tf.Scalar;
    const number = value.dataSync()[0];
    value.dispose();
    return number;
  };
}

/**
 * Times whole steps of one network on the wasm backend with each batch normalization. Where the backend's own kernels
 * are right, ours is also timed with those kernels for all other operations. The losses of three steps must agree.
 */
export async function measureNetwork(network: Network, options: RaceOptions): Promise<NetworkResult> {
  await useBackend("wasm");
  const { withOwn, undo } = installWithOwn();
  tf.engine().startScope();
  const steps = new Map(Object.entries(NORMALIZATIONS).map(([name, make]) => [name, stepOf(network, make)]));
  const own = stepOf(network, NORMALIZATIONS.ours);
  let ownIsRight = true;
  for (let i = 0; i < 3; i++) {
    const [theirs, ours] = ["tfjs", "ours"].map((name) => steps.get(name)?.() ?? Number.NaN);
    // In three steps a relative difference of 1e-4 in the gradients changes the loss by less than 1e-4.
    const agrees = (loss: number) => Math.abs(loss - theirs) <= 1e-4 * theirs;
    if (!agrees(ours)) {
      throw new Error(
        `${network.name}: the loss of step ${i} is ${ours} with ours, ${theirs} with TensorFlow.js's layer`,
      );
    }
    ownIsRight &&= agrees(withOwn(own));
  }
  if (ownIsRight) steps.set("own", () => withOwn(own));
  const times = Object.fromEntries(race(steps as Map<string, () => void>, options));
  tf.engine().endScope();
  undo();
  const { name, batch } = network;
  return { name, batch, step: { own: null, ...times } as NetworkResult["step"] };
}
