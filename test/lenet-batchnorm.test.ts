import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { startTfjs } from "../examples/lenet/backend.js";
import { BatchNorm, openKernels, type TfjsKernels } from "../examples/lenet/batchnorm.js";
import { seeded } from "../examples/lenet/random.js";
import { tfjsMemory } from "../examples/lenet/tfjs-memory.js";

const eps = 1e-5;
const momentum = 0.1;
const unit = 2 ** -24;

const shapes = [
  [7, 5],
  [16, 84],
  [3, 5, 4, 6],
  [2, 7, 3, 16],
  [9, 4, 3],
  [2, 1],
];

let wasm: TfjsKernels;
beforeAll(async () => {
  await startTfjs();
  wasm = openKernels();
});

/** Training batch normalization of the last axis, composed of operations of TensorFlow.js. */
function composed(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor {
  const axes = x.shape.slice(0, -1).map((_, i) => i);
  const { mean, variance } = tf.moments(x, axes);
  const xhat = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, eps)));
  return tf.add(tf.mul(xhat, gamma), beta);
}

function maxAbs(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Fails with the first index where the two differ by more than `tolerance`. */
function expectClose(name: string, got: Float32Array, expected: Float32Array, tolerance: number): void {
  expect(got.length).toBe(expected.length);
  const index = got.findIndex((value, i) => !(Math.abs(value - expected[i]) <= tolerance));
  expect(index, `${name}[${index}]: expected ${expected[index]}, got ${got[index]}, tolerance ${tolerance}`).toBe(-1);
}

function makeCase(shape: number[]) {
  const random = seeded(11);
  const channels = shape[shape.length - 1];
  const size = tf.util.sizeFromShape(shape);
  return {
    x: random.uniform(size, 2).map((value, i) => value + (i % channels) / channels),
    dy: random.uniform(size, 1),
    gamma: random.uniform(channels, 1).map((value) => value + 1.5),
    beta: random.uniform(channels, 1),
    channels,
    rows: size / channels,
  };
}

describe("batch normalization in the memory of TensorFlow.js", () => {
  it.each(shapes.map((shape) => [shape] as const))("agrees with the composed formula: [%s]", (shape) => {
    const { x, dy, gamma, beta, channels, rows } = makeCase([...shape]);
    const layer = new BatchNorm(wasm, channels, momentum, eps);
    const [tx, tdy] = [tf.tensor(x, shape), tf.tensor(dy, shape)];
    const [tgamma, tbeta] = [tf.tensor1d(gamma), tf.tensor1d(beta)];
    layer.gamma.assign(tgamma);
    layer.beta.assign(tbeta);

    const y = tf.tidy(() => layer.apply(tx, true));
    const expectedY = tf.tidy(() => composed(tx, tgamma, tbeta));
    // The layer takes gamma and beta from its variables; the gradients of these come by name.
    const { grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(tf.mul(layer.apply(tx, true), tdy)));
    const [dgamma, dbeta] = [grads[layer.gamma.name], grads[layer.beta.name]];
    const dx = tf.grad((x) => layer.apply(x, true))(tx, tdy);
    const [expectedDx, expectedDgamma, expectedDbeta] = tf.grads((x, gamma, beta) => composed(x, gamma, beta))(
      [tx, tgamma, tbeta],
      tdy,
    );

    // Every float32 sum over m rows is off by at most m·u of the sum of magnitudes. The composed formula chains mean,
    // variance and normalization (3 sums, 8 more roundings), and its gradient goes back through the same chain: at
    // most 6 sums and 16 roundings lie behind any value. X bounds |xhat| and, for the subtraction of the mean, |x|·invstd.
    const invstd = 1 / Math.sqrt(smallestVariance(x, channels) + eps);
    const X = Math.max(Math.sqrt(rows), maxAbs(x) * invstd);
    const [G, D] = [maxAbs(gamma), maxAbs(dy)];
    const relative = (6 * rows + 16) * unit;
    expectClose("y", read(y), read(expectedY), relative * (G * X + maxAbs(beta)));
    expectClose("dbeta", read(dbeta), read(expectedDbeta), relative * rows * D);
    expectClose("dgamma", read(dgamma), read(expectedDgamma), relative * rows * D * X);
    expectClose("dx", read(dx), read(expectedDx), relative * G * invstd * D * X * X);

    tf.dispose([tx, tdy, tgamma, tbeta, y, expectedY, grads, dx, expectedDx, expectedDgamma, expectedDbeta]);
    layer.dispose();
  });

  it("keeps the running statistics and normalizes with them at inference", () => {
    const shape = [6, 3, 5, 4];
    const { x, channels, rows } = makeCase(shape);
    const layer = new BatchNorm(wasm, channels, momentum, eps);
    const tx = tf.tensor(x, shape);
    const { mean, variance } = moments(x, channels);
    const expectedMean = new Float64Array(channels);
    const expectedVariance = new Float64Array(channels).fill(1);
    for (let step = 0; step < 3; step++) {
      tf.tidy(() => layer.apply(tx, true));
      for (let c = 0; c < channels; c++) {
        expectedMean[c] += momentum * (mean[c] - expectedMean[c]);
        expectedVariance[c] += momentum * ((variance[c] * rows) / (rows - 1) - expectedVariance[c]);
      }
    }
    // Inside a block of at most `rows` values the kernels may sum in float32.
    const relative = (rows + 8) * unit;
    const [runningMean, runningVariance] = [layer.runningMean.slice(), layer.runningVariance.slice()];
    for (let c = 0; c < channels; c++) {
      expect(Math.abs(runningMean[c] - expectedMean[c])).toBeLessThanOrEqual(relative * maxAbs(x));
      expect(Math.abs(runningVariance[c] - expectedVariance[c])).toBeLessThanOrEqual(relative * maxAbs(x) ** 2);
    }
    const y = layer.apply(tx, false);
    const expected = x.map((value, i) => {
      const c = i % channels;
      return (value - runningMean[c]) / Math.sqrt(runningVariance[c] + eps);
    });
    // Coefficients in float64 rounded once, then a subtraction, a product and a sum: 4 roundings of at most X.
    expectClose("y", read(y), expected, 8 * unit * Math.max(maxAbs(expected), maxAbs(x)));
    expect([...layer.runningMean]).toEqual([...runningMean]);
    tf.dispose([tx, y]);
    layer.dispose();
  });

  it("gives each of several uses in one gradient its own statistics", () => {
    const { x, channels } = makeCase([8, 3]);
    const layer = new BatchNorm(wasm, channels);
    const [a, b] = [tf.tensor(x, [8, 3]), tf.tensor(x.map((value) => 5 * value - 1).reverse(), [8, 3])];
    const alone = tf.grad((a) => tf.square(layer.apply(a, true)))(a);
    const [together] = tf.grads((a, b) => tf.add(tf.square(layer.apply(a, true)), layer.apply(b, true)))([a, b]);
    expect([...read(together)]).toEqual([...read(alone)]);
    tf.dispose([a, b, alone, together]);
    layer.dispose();
  });

  it("leaks neither tensors nor memory over 200 steps", () => {
    const { wasm: module } = tf.backend() as unknown as { wasm: Record<"_malloc" | "_free", (n: number) => number> };
    const { _malloc, _free } = module;
    const live = new Set<number>();
    module._malloc = (bytes) => {
      const address = _malloc(bytes);
      live.add(address);
      return address;
    };
    module._free = (address) => {
      live.delete(address);
      return _free(address);
    };
    try {
      const { x, channels } = makeCase([32, 6, 5, 7]);
      const before = tf.memory();
      const layer = new BatchNorm(wasm, channels);
      const tx = tf.tensor(x, [32, 6, 5, 7]);
      const optimizer = tf.train.sgd(1e-3);
      const step = () =>
        tf.tidy(() => {
          optimizer.minimize(() => tf.mean<tf.Scalar>(tf.square(layer.apply(tx, true))), false);
          layer.apply(tx, false);
        });
      step();
      const [tensors, allocations] = [tf.memory().numTensors, live.size];
      const bytes = wasm.host.memory.buffer.byteLength;
      for (let i = 0; i < 200; i++) {
        step();
      }
      expect(tf.memory().numTensors).toBe(tensors);
      expect(live.size).toBe(allocations);
      expect(wasm.host.memory.buffer.byteLength).toBe(bytes);
      tx.dispose();
      layer.dispose();
      optimizer.dispose();
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(live.size).toBe(0);
    } finally {
      module._malloc = _malloc;
      module._free = _free;
    }
  });

  it("survives growth of the memory between forward and backward", () => {
    const { x, dy, channels } = makeCase([8, 5]);
    const layer = new BatchNorm(wasm, channels);
    const [tx, tdy] = [tf.tensor(x, [8, 5]), tf.tensor(dy, [8, 5])];
    const plain = tf.grad((x) => layer.apply(x, true))(tx, tdy);
    const held: tf.Tensor[] = [];
    const grown = tf.grad((x) => {
      const y = layer.apply(x, true);
      const bytes = wasm.host.memory.buffer.byteLength;
      held.push(tf.keep(tf.zeros([bytes / 4])));
      expect(wasm.host.memory.buffer.byteLength).toBeGreaterThan(bytes);
      return y;
    })(tx, tdy);
    expect([...read(grown)]).toEqual([...read(plain)]);
    tf.dispose([tx, tdy, plain, grown, ...held]);
    layer.dispose();
  });

  it("refuses what it cannot do", async () => {
    const layer = new BatchNorm(wasm, 3);
    const [other, single, integers] = [tf.ones([4, 2]), tf.ones([1, 3]), tf.ones([4, 3], "int32")];
    expect(() => layer.apply(other, true)).toThrow(RangeError);
    expect(() => layer.apply(single, true)).toThrow(
      '"x" expected at least 2 values in each of 3 channels, got shape [1,3]',
    );
    expect(() => tf.tidy(() => layer.apply(integers, true))).toThrow("expected a float32 tensor, got int32");
    tf.dispose([other, single, integers]);
    layer.dispose();
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
    expect(() => tfjsMemory()).toThrow(
      'expected the wasm backend of TensorFlow.js 4 with its memory at wasm.asm.memory, got "cpu"',
    );
    await tf.setBackend("wasm");
  });
});

function read(tensor: tf.Tensor): Float32Array {
  return tensor.dataSync<"float32">();
}

/** Population moments of each channel in float64. */
function moments(x: Float32Array, channels: number) {
  const rows = x.length / channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (let i = 0; i < x.length; i++) {
    mean[i % channels] += x[i] / rows;
  }
  for (let i = 0; i < x.length; i++) {
    variance[i % channels] += (x[i] - mean[i % channels]) ** 2 / rows;
  }
  return { mean, variance };
}

function smallestVariance(x: Float32Array, channels: number): number {
  return Math.min(...moments(x, channels).variance);
}
