import * as tf from "@tensorflow/tfjs-core";
import { instantiateKernels, type KernelExports } from "batchnorm-wasm";
import { type TfjsMemory, tfjsMemory } from "./tfjs-memory.js";

/** The kernels of batchnorm-wasm at work in the memory of TensorFlow.js. */
export interface TfjsKernels {
  readonly host: TfjsMemory;
  readonly kernels: KernelExports;
}

/** Call it once, when the wasm backend is ready. */
export function openKernels(): TfjsKernels {
  const host = tfjsMemory();
  return { host, kernels: instantiateKernels(host.memory) };
}

const doubleBytes = 8;

/**
 * Batch normalization of a tensor of any rank over all axes but the last, as an operation of TensorFlow.js: NC, NHWC
 * and the like are rows of channels. `gamma` and `beta` are trainable variables.
 */
export class BatchNorm {
  readonly gamma: tf.Variable;
  readonly beta: tf.Variable;
  /** Address of the state in float64: running mean, running variance, invstd, dgamma, dbeta, then scratch. */
  readonly #state: number;

  /** `momentum` is the weight of the new batch in the running statistics. */
  constructor(
    private readonly wasm: TfjsKernels,
    private readonly channels: number,
    private readonly momentum = 0.1,
    private readonly eps = 1e-5,
  ) {
    const { host, kernels } = wasm;
    this.gamma = tf.tidy(() => tf.variable(tf.ones([channels])));
    this.beta = tf.tidy(() => tf.variable(tf.zeros([channels])));
    this.#state = host.allocate(5 * channels * doubleBytes + kernels.scratchBytes(channels));
    this.runningMean.fill(0);
    this.runningVariance.fill(1);
  }

  /** A view; it is stale after the next tensor, which may grow the memory. */
  get runningMean(): Float64Array {
    return new Float64Array(this.wasm.host.memory.buffer, this.#vector(0), this.channels);
  }

  /** Unbiased, as PyTorch keeps it. A view like `runningMean`. */
  get runningVariance(): Float64Array {
    return new Float64Array(this.wasm.host.memory.buffer, this.#vector(1), this.channels);
  }

  /** Training: normalizes with the statistics of x and has a gradient. Otherwise with the running ones, without. */
  apply(x: tf.Tensor, training: boolean): tf.Tensor {
    const channels = x.shape[x.rank - 1];
    const rows = x.size / channels;
    if (channels !== this.channels || (training && rows < 2)) {
      const least = training ? "at least 2 values" : "values";
      throw new RangeError(`"x" expected ${least} in each of ${this.channels} channels, got shape [${x.shape}]`);
    }
    return training ? this.#train(x, rows) : this.#infer(x, rows);
  }

  dispose(): void {
    this.wasm.host.free(this.#state);
    this.gamma.dispose();
    this.beta.dispose();
  }

  #vector(index: number): number {
    return this.#state + index * this.channels * doubleBytes;
  }

  #infer(x: tf.Tensor, rows: number): tf.Tensor {
    const { host, kernels } = this.wasm;
    const { channels } = this;
    const [mean, variance, invstd, scratch] = [this.#vector(0), this.#vector(1), this.#vector(2), this.#vector(5)];
    const [gamma, beta] = [host.address(this.gamma), host.address(this.beta)];
    const y = host.tensor(x.shape);
    kernels.invstd(invstd, variance, channels, this.eps);
    kernels.normalizeRows(host.address(y), host.address(x), mean, invstd, gamma, beta, scratch, rows, channels);
    return y;
  }

  #train(x: tf.Tensor, rows: number): tf.Tensor {
    const { host, kernels } = this.wasm;
    const { channels, momentum, eps } = this;
    const scratch = this.#vector(5);

    const operation = tf.customGrad((...inputs) => {
      const [x, gamma, beta, save] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
      const y = host.tensor(x.shape);
      // Mean, then invstd, as float64: a tensor of twice as many float32 lends the bytes, and TensorFlow.js frees them
      // after the backward pass.
      const statistics = host.tensor([4 * channels]);
      const mean = host.address(statistics);
      const invstd = mean + channels * doubleBytes;
      const variance = this.#vector(2);
      kernels.statisticsRows(mean, variance, host.address(x), scratch, rows, channels);
      kernels.invstd(invstd, variance, channels, eps);
      const [gammaAddress, betaAddress] = [host.address(gamma), host.address(beta)];
      kernels.normalizeRows(
        host.address(y),
        host.address(x),
        mean,
        invstd,
        gammaAddress,
        betaAddress,
        scratch,
        rows,
        channels,
      );
      const correction = rows / (rows - 1);
      kernels.updateRunning(this.#vector(0), this.#vector(1), mean, variance, channels, momentum, correction);
      save([x, gamma, statistics]);
      return { value: y, gradFunc: (dy, saved) => this.#gradients(dy as tf.Tensor, saved, rows) };
    });
    return operation(x, this.gamma, this.beta);
  }

  #gradients(dy: tf.Tensor, [x, gamma, statistics]: tf.Tensor[], rows: number): tf.Tensor[] {
    const { host, kernels } = this.wasm;
    const { channels } = this;
    const mean = host.address(statistics);
    const invstd = mean + channels * doubleBytes;
    const [dgamma64, dbeta64, scratch] = [this.#vector(3), this.#vector(4), this.#vector(5)];
    const [dx, dgamma, dbeta] = [host.tensor(x.shape), host.tensor([channels]), host.tensor([channels])];
    const [dyAddress, xAddress, gammaAddress] = [host.address(dy), host.address(x), host.address(gamma)];
    kernels.gradientSumsRows(
      dgamma64,
      dbeta64,
      dyAddress,
      xAddress,
      mean,
      invstd,
      gammaAddress,
      0,
      scratch,
      rows,
      channels,
    );
    kernels.inputGradientRows(
      host.address(dx),
      dyAddress,
      xAddress,
      mean,
      invstd,
      gammaAddress,
      0,
      dgamma64,
      dbeta64,
      scratch,
      rows,
      channels,
      rows,
    );
    kernels.toFloat32(host.address(dgamma), dgamma64, channels);
    kernels.toFloat32(host.address(dbeta), dbeta64, channels);
    return [dx, dgamma, dbeta];
  }
}
