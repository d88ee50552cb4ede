import { engine, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { alignShape, ChannelBlock } from "./broadcast.js";
import type { Address, Host } from "./host.js";
import { type Affine, gradientSums, inputGradient, normalize, type Pass, type Sums } from "./passes.js";

/** A tensor with its shape as alignShape gives it. */
export interface Parameter {
  readonly tensor: TensorInfo;
  readonly shape: readonly number[];
}

/** Normalization by given statistics. All tensors float32. */
export interface Inference {
  readonly x: TensorInfo;
  readonly mean: Parameter;
  readonly variance: Parameter;
  readonly gamma: Parameter | null;
  readonly beta: Parameter | null;
  readonly block: ChannelBlock;
  readonly eps: number;
}

export interface InferenceInputs<T extends TensorInfo> {
  readonly x: T;
  readonly mean: T;
  readonly variance: T;
  readonly gamma: T | null;
  readonly beta: T | null;
}

/**
 * Parameters of lower rank than x stand at `axis`; with null at the last axes, as tf.batchNorm has it, which also calls
 * gamma scale and beta offset.
 * @throws RangeError where a parameter does not fit x
 */
export function inferenceOf(inputs: InferenceInputs<TensorInfo>, axis: number | null, eps: number): Inference {
  const { x, mean, variance, gamma, beta } = inputs;
  const parameter = (name: string, tensor: TensorInfo): Parameter => {
    return { tensor, shape: alignShape(name, tensor.shape, x.shape, axis) };
  };
  const parameters = {
    mean: parameter("mean", mean),
    variance: parameter("variance", variance),
    gamma: gamma && parameter(axis === null ? "scale" : "gamma", gamma),
    beta: beta && parameter(axis === null ? "offset" : "beta", beta),
  };
  const shapes = Object.values(parameters).flatMap((each) => (each ? [each.shape] : []));
  return { x, ...parameters, block: new ChannelBlock(x.shape, shapes), eps };
}

const DOUBLE = 8;
const FLOAT = 4;

interface Prepared {
  readonly pass: Pass;
  readonly affine: Affine;
  readonly sums: Sums;
  readonly x: Address;
  readonly dy: Address;
}

/** Begins a computation: inputs, and the parameters as one value a channel. */
function prepare(host: Host, inference: Inference, dy: TensorInfo | null): Prepared {
  const { x, mean, variance, gamma, beta, block, eps } = inference;
  const { kernels } = host;
  const { channels } = block.extents;
  const [doubles, floats] = [DOUBLE * channels, FLOAT * channels];
  const base = host.begin(4 * doubles + 2 * floats + (kernels.scratchBytes(channels) >>> 0));
  const parameters = [mean, variance, gamma, beta].map((parameter) => parameter && host.input(parameter.tensor));
  const [from, above] = [host.input(x), dy ? host.input(dy) : 0];
  const [meanAt, invstdAt, dgamma, dbeta, gammaAt] = [0, 1, 2, 3, 4].map((i) => base + i * doubles);
  const betaAt = gammaAt + floats;
  const spread = ({ tensor, shape }: Parameter, i: number, into: Float32Array | Float64Array) => {
    const length = tensor.shape.reduce((product, extent) => product * extent, 1);
    block.spread(host.floats(parameters[i] as Address, length), shape, into);
  };
  spread(mean, 0, host.doubles(meanAt, channels));
  spread(variance, 1, host.doubles(invstdAt, channels));
  if (gamma) spread(gamma, 2, host.floats(gammaAt, channels));
  if (beta) spread(beta, 3, host.floats(betaAt, channels));
  if (channels > 0) kernels.invstd(invstdAt, invstdAt, channels, eps);
  return {
    pass: { kernels, scratch: betaAt + floats, extents: block.extents },
    affine: { mean: meanAt, invstd: invstdAt, gamma: gamma ? gammaAt : 0, beta: beta ? betaAt : 0 },
    sums: { dgamma, dbeta },
    x: from,
    dy: above,
  };
}

const isEmpty = ({ extents }: ChannelBlock) => extents.count === 0 || extents.channels === 0;

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta. */
export function inferenceForward(host: Host, inference: Inference): TensorInfo {
  const { pass, affine, x } = prepare(host, inference, null);
  const result = host.output(inference.x.shape);
  if (!isEmpty(inference.block)) normalize(pass, result.address, x, affine);
  return result.take();
}

/** The gradients of one inference for dy, each in the shape of its input; the sums are taken once, when first needed. */
export class InferenceGradients {
  #sums: { dgamma: Float64Array; dbeta: Float64Array; gamma: Float32Array | null; invstd: Float64Array } | null = null;

  constructor(
    private readonly host: Host,
    private readonly dy: TensorInfo,
    private readonly inference: Inference,
  ) {}

  /** dx = gamma * invstd * dy. */
  x(): TensorInfo {
    const { pass, affine, x, dy } = prepare(this.host, this.inference, this.dy);
    const result = this.host.output(this.inference.x.shape);
    if (!isEmpty(this.inference.block)) inputGradient(pass, result.address, dy, x, affine, null);
    return result.take();
  }

  /** -gamma * invstd * sum(dy). */
  mean(): Tensor {
    const { dbeta, gamma, invstd } = this.#perChannel();
    return this.#tensor(
      this.inference.mean,
      dbeta.map((sum, c) => -(gamma?.[c] ?? 1) * invstd[c] * sum),
    );
  }

  /** sum((x - mean) * dy) * gamma * -invstd³ / 2, where the sum is sum(dy * xhat) / invstd. */
  variance(): Tensor {
    const { dgamma, gamma, invstd } = this.#perChannel();
    return this.#tensor(
      this.inference.variance,
      dgamma.map((sum, c) => -0.5 * (gamma?.[c] ?? 1) * invstd[c] ** 2 * sum),
    );
  }

  /** sum(dy * xhat). */
  gamma(): Tensor {
    return this.#tensor(this.inference.gamma as Parameter, this.#perChannel().dgamma);
  }

  /** sum(dy). */
  beta(): Tensor {
    return this.#tensor(this.inference.beta as Parameter, this.#perChannel().dbeta);
  }

  #perChannel() {
    if (this.#sums !== null) return this.#sums;
    const { host, inference } = this;
    const { channels } = inference.block.extents;
    const { pass, affine, sums, x, dy } = prepare(host, inference, this.dy);
    if (isEmpty(inference.block)) host.doubles(sums.dgamma, 2 * channels).fill(0);
    else gradientSums(pass, sums, dy, x, affine);
    const copy = (address: Address) => host.doubles(address, channels).slice();
    this.#sums = {
      dgamma: copy(sums.dgamma),
      dbeta: copy(sums.dbeta),
      gamma: affine.gamma === 0 ? null : host.floats(affine.gamma, channels).slice(),
      invstd: copy(affine.invstd),
    };
    return this.#sums;
  }

  #tensor({ tensor, shape }: Parameter, perChannel: Float64Array): Tensor {
    return engine().makeTensor(this.inference.block.gather(perChannel, shape), [...tensor.shape], "float32");
  }
}
