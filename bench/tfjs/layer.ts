import { instantiateKernels } from "batchnorm-wasm";
import { BatchNormalization } from "batchnorm-wasm/tfjs/layers";
import { type RaceOptions, race } from "../measure.js";
import { type Backend, read, tf, tfl, useBackend } from "./backends.js";
import type { LayerResult } from "./results.js";

/** Channels are the last axis. */
export const SHAPES: readonly (readonly number[])[] = [
  [32, 28, 28, 64],
  [256, 24, 24, 6],
  [8, 14, 14, 256],
  [256, 120],
];

/**
 * The largest accepted difference from TensorFlow.js, relative to the largest value. The float32 sums of 50,000 terms
 * in TensorFlow.js have errors of this size.
 */
const TOLERANCE = 2e-4;

/**
 * Untimed steps, in which V8 compiles the JavaScript. At 256 x 120 the first 40 steps take 1.5 times as long as later
 * ones.
 */
export const WARMUP_MS = 300;

type Layer = tfl.layers.Layer;

interface Contender {
  /** Computes training forward, and the gradients of x, gamma and beta for a given dy. */
  step(): void;
  inference(): void;
}

/**
 * The results of a step and an inference, for the comparison: y, dx, dgamma, dbeta, and y from the moving statistics.
 */
type Outcome = Readonly<Record<string, Float32Array>>;

function stepOf(layer: Layer, x: tf.Tensor, dy: tf.Tensor) {
  const [gamma, beta] = layer.trainableWeights.map((weight) => weight.read());
  const f = tf.valueAndGrads((...inputs: tf.Tensor[]) => layer.apply(inputs[0], { training: true }) as tf.Tensor);
  return () => f([x, gamma, beta], dy);
}

function contender(layer: Layer, x: tf.Tensor, dy: tf.Tensor): Contender & { outcome(): Outcome; dispose(): void } {
  layer.build(x.shape);
  const step = stepOf(layer, x, dy);
  return {
    step() {
      const { value, grads } = step();
      tf.dispose([value, grads]);
    },
    inference: () => tf.dispose(layer.apply(x) as tf.Tensor),
    outcome() {
      const { value, grads } = step();
      const inferred = layer.apply(x) as tf.Tensor;
      const [y, dx, dgamma, dbeta, inference] = [value, ...grads, inferred].map(read);
      tf.dispose([value, grads, inferred]);
      return { y, dx, dgamma, dbeta, inference };
    },
    dispose: () => tf.dispose(layer.weights.map((weight) => weight.read())),
  };
}

function agree(what: string, ours: ArrayLike<number>, theirs: ArrayLike<number>): void {
  let largest = 0;
  let worst = 0;
  for (let i = 0; i < theirs.length; i++) {
    largest = Math.max(largest, Math.abs(theirs[i]));
    const error = Math.abs(ours[i] - theirs[i]);
    // A NaN stays the worst.
    if (error > worst || Number.isNaN(error)) worst = error;
  }
  if (!(worst <= TOLERANCE * largest)) throw new Error(`${what}: ours differs from TensorFlow.js by ${worst}`);
}

/** The kernels on the tensors' addresses in the wasm backend's memory. Outputs and scratch are reserved beforehand. */
function kernels(x: tf.Tensor, dy: tf.Tensor): (Contender & { outcome(): Outcome; dispose(): void }) | null {
  const { wasm, dataIdMap } = tf.backend() as unknown as {
    wasm: { asm: { memory?: WebAssembly.Memory }; _malloc(bytes: number): number; _free(address: number): void };
    dataIdMap: { get(dataId: object): { memoryOffset: number } };
  };
  const { memory } = wasm.asm;
  if (memory === undefined) return null; // the threaded build exports none
  const address = (tensor: tf.Tensor) => dataIdMap.get(tensor.dataId).memoryOffset >>> 0;
  const channels = x.shape[x.rank - 1];
  const rows = x.size / channels;
  const tensors = [tf.zeros(x.shape), tf.zeros(x.shape), tf.ones([channels]), tf.zeros([channels])];
  const sums = [tf.zeros([channels]), tf.zeros([channels])];
  const [y, dx, gamma, beta] = tensors.map(address);
  const [gammaSum, betaSum] = sums.map(address);
  const k = instantiateKernels(memory);
  const state = wasm._malloc(7 * 8 * channels + k.scratchBytes(rows, channels, 1));
  const vector = (i: number) => state + 8 * channels * i;
  const [mean, variance, invstd, dgamma, dbeta, movingMean, movingVar, scratch] = [0, 1, 2, 3, 4, 5, 6, 7].map(vector);
  const [from, above] = [address(x), address(dy)];
  return {
    // biome-ignore format: the arguments in the groups in which the contract lists them
    step() {
      k.forwardTraining(
        y, mean, variance, invstd, movingMean, movingVar, from, 0,
        gamma, beta, scratch, rows, channels, 1, 1e-3, 0.01, 1, 0,
      );
      k.backward(
        dx, dgamma, dbeta, gammaSum, betaSum,
        above, from, mean, invstd, gamma, 0, scratch, rows, channels, 1, rows, 0,
      );
    },
    inference: () =>
      k.forwardInference(y, invstd, from, 0, mean, variance, gamma, beta, scratch, rows, channels, 1, 1e-3, 0),
    outcome() {
      this.step();
      const [y, dx, dgamma, dbeta] = [tensors[0], tensors[1], ...sums].map(read);
      return { y: y.slice(), dx: dx.slice(), dgamma: dgamma.slice(), dbeta: dbeta.slice() };
    },
    dispose() {
      wasm._free(state);
      tf.dispose([tensors, sums]);
    },
  };
}

/**
 * The contenders for one layer on one backend: the layer of TensorFlow.js, ours, and on wasm the kernels alone. Throws
 * unless they agree.
 */
export async function contendersOn(backend: Backend, shape: readonly number[]) {
  await useBackend(backend);
  const x = tf.randomNormal([...shape], 0.5, 2, "float32", 1);
  const dy = tf.randomNormal([...shape], 0, 1, "float32", 2);
  const theirs = contender(tfl.layers.batchNormalization(), x, dy);
  const ours = contender(new BatchNormalization(), x, dy);
  const direct = backend === "wasm" ? kernels(x, dy) : null;
  const name = `${backend} ${shape.join("x")}`;
  const expected = theirs.outcome();
  for (const contender of [ours, ...(direct ? [direct] : [])]) {
    for (const [tensor, values] of Object.entries(contender.outcome()))
      agree(`${name}, ${tensor}`, values, expected[tensor]);
  }
  const dispose = () => {
    for (const contender of [theirs, ours, direct]) contender?.dispose();
    tf.dispose([x, dy]);
  };
  return { theirs, ours, direct, dispose };
}

/** Checks the results, then times them. */
export async function measureLayer(
  backend: Backend,
  shape: readonly number[],
  options: RaceOptions,
): Promise<LayerResult> {
  const { theirs, ours, direct, dispose } = await contendersOn(backend, shape);
  const timed = (verb: "step" | "inference") => {
    const runs = new Map([
      ["tfjs", theirs[verb]],
      ["ours", ours[verb]],
    ]);
    if (direct) runs.set("kernels", direct[verb]);
    return Object.fromEntries(race(runs, { ...options, warmupMs: WARMUP_MS }));
  };
  const result = { backend, shape, step: timed("step"), inference: timed("inference") };
  dispose();
  return result;
}
