import * as tf from "@tensorflow/tfjs-core";
import { BatchNorm, loadSync } from "batchnorm-wasm";
import type { Problem } from "../../bench/baseline/index.js";
import { compose } from "../../bench/fastest.js";
import { race } from "../../bench/measure.js";
import { instantiateMemoryBound, type MemoryBound } from "../../bench/memory-bound/index.js";
import { seeded } from "../../scripts/common/random.js";

/** Samples, positions, channels: a layer of a small residual network. */
const [SAMPLES, SIDE, CHANNELS] = [32, 28, 64];
const SHAPE = [SAMPLES, SIDE, SIDE, CHANNELS] as const;
const VALUES = SAMPLES * SIDE * SIDE * CHANNELS;
const BYTES = 4 * VALUES;
const EPS = 1e-5;

/** Milliseconds of a step. `bound`: of its reads and writes alone. */
export interface Speeds {
  readonly kernels: number;
  readonly javascript: number;
  readonly tensorflow: number;
  readonly bound: number;
  /** Largest difference of results, as a part of the largest value. */
  readonly difference: number;
}

interface Program {
  readonly run: () => void;
  readonly results: () => readonly ArrayLike<number>[];
  readonly dispose: () => void;
}

interface Inputs {
  readonly x: Float32Array;
  readonly dy: Float32Array;
}

function kernels({ x, dy }: Inputs): Program {
  // All at once: a memory that grows would take the views away.
  const loaded = loadSync({ initialBytes: 4 * BYTES + 2 ** 20 });
  const layer = new BatchNorm(loaded, CHANNELS, { eps: EPS });
  const [input, gradient] = [x, dy].map((values) => loaded.tensor(SHAPE, "NHWC", values));
  const [y, dx] = [0, 1].map(() => loaded.tensor(SHAPE, "NHWC"));
  return {
    run() {
      layer.forward(input, y);
      layer.backward(gradient, dx);
    },
    results: () => [y.data, dx.data],
    dispose: () => {},
  };
}

function javascript({ x, dy }: Inputs): Program {
  const float64 = () => new Float64Array(CHANNELS);
  const problem: Problem = {
    batch: SAMPLES,
    channels: CHANNELS,
    spatial: SIDE * SIDE,
    eps: EPS,
    momentum: 0.1,
    x,
    dy,
    y: new Float32Array(VALUES),
    dx: new Float32Array(VALUES),
    gamma: new Float32Array(CHANNELS).fill(1),
    beta: new Float32Array(CHANNELS),
    mean: float64(),
    invstd: float64(),
    runningMean: float64(),
    runningVar: float64(),
    dgamma: float64(),
    dbeta: float64(),
  };
  // The first of each kind of loop is the fastest at this shape, or next to it.
  const verbs = compose("rows", problem, ([first]) => first);
  return {
    run() {
      verbs.trainingForward();
      verbs.backward();
    },
    results: () => [problem.y, problem.dx],
    dispose: () => {},
  };
}

/** The operations that its layer of batch normalization is made of, and their gradients. */
function tensorflow({ x, dy }: Inputs): Program {
  const [input, gradient] = [x, dy].map((values) => tf.tensor4d(values, [...SHAPE]));
  const [gamma, beta] = [tf.ones([CHANNELS]), tf.zeros([CHANNELS])];
  const forward = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm4d(
      x as tf.Tensor4D,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      beta as tf.Tensor1D,
      gamma as tf.Tensor1D,
      EPS,
    );
  };
  const step = () => {
    const { value, grads } = tf.valueAndGrads(forward)([input, gamma, beta], gradient);
    return [value, ...grads];
  };
  return {
    run: () => tf.dispose(step()),
    results: () =>
      tf.tidy(() =>
        step()
          .slice(0, 2)
          .map((tensor) => tensor.dataSync()),
      ) as unknown as ArrayLike<number>[],
    dispose: () => tf.dispose([input, gradient, gamma, beta]),
  };
}

function difference(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  let [most, largest] = [0, 0];
  for (const [t, values] of a.entries()) {
    for (let i = 0; i < values.length; i++) {
      most = Math.max(most, Math.abs(values[i] - b[t][i]));
      largest = Math.max(largest, Math.abs(values[i]));
    }
  }
  return most / largest;
}

/** forward: x is read twice and y written; backward: dy and x are read for the sums, then again for dx. */
function bound(memoryBound: MemoryBound): () => void {
  const [x, y] = [0, BYTES];
  return () => {
    for (let pass = 0; pass < 4; pass++) memoryBound.read(x, BYTES);
    for (let pass = 0; pass < 2; pass++) memoryBound.copy(y, x, BYTES);
  };
}

/** Compares the results, then times all. `memoryBound`: the binary of the loops that only read and copy. */
export function measureSpeeds(memoryBound: BufferSource): Speeds {
  const random = seeded(1);
  const inputs = { x: random.normal(VALUES, 2, 1), dy: random.normal(VALUES, 1) };
  const memory = new WebAssembly.Memory({ initial: Math.ceil((2 * BYTES) / 65536) });
  const programs = { kernels: kernels(inputs), javascript: javascript(inputs), tensorflow: tensorflow(inputs) };
  for (const { run } of [programs.kernels, programs.javascript]) run();
  const results = programs.kernels.results();
  const differences = [programs.javascript, programs.tensorflow].map((program) =>
    difference(results, program.results()),
  );
  const limits = { milliseconds: 1000, minimumRounds: 5, maximumRounds: 60 };
  const quick = new Map([
    ["kernels", programs.kernels.run],
    ["javascript", programs.javascript.run],
    ["bound", bound(instantiateMemoryBound(memory, memoryBound))],
  ]);
  const timings = race(quick, limits);
  const slow = race(new Map([["tensorflow", programs.tensorflow.run]]), { ...limits, minimumRounds: 3, warmupMs: 1 });
  for (const { dispose } of Object.values(programs)) dispose();
  const median = (name: string) => (timings.get(name) ?? slow.get(name))?.median ?? Number.NaN;
  return {
    kernels: median("kernels"),
    javascript: median("javascript"),
    tensorflow: median("tensorflow"),
    bound: median("bound"),
    difference: Math.max(...differences),
  };
}
