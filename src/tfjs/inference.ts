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
 * Parameters of lower rank than x stand at `axis`; with null at the last axes, as tf.batchNorm has it.
 * @throws RangeError where a parameter does not fit x
 */
export function inferenceOf(inputs: InferenceInputs<TensorInfo>, axis: number | null, eps: number): Inference {
  const { x, mean, variance, gamma, beta } = inputs;
  const vector = axis === null ? null : x.shape.map((extent, i) => (i === axis ? extent : 1));
  const parameter = (name: string, tensor: TensorInfo): Parameter => {
    const isVector = axis !== null && tensor.shape.length === 1 && tensor.shape[0] === x.shape[axis];
    return { tensor, shape: vector && isVector ? vector : alignShape(name, tensor.shape, x.shape, axis) };
  };
  const parameters = {
    mean: parameter("mean", mean),
    variance: parameter("variance", variance),
    gamma: gamma && parameter("gamma", gamma),
    beta: beta && parameter("beta", beta),
  };
  const shapes = [parameters.mean.shape, parameters.variance.shape];
  if (parameters.gamma) shapes.push(parameters.gamma.shape);
  if (parameters.beta) shapes.push(parameters.beta.shape);
  return { x, ...parameters, block: new ChannelBlock(x.shape, shapes), eps };
}

const DOUBLE = 8;
const FLOAT = 4;
const ABSENT = 0;

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
  // All inputs first: one that comes from another backend may grow the memory under a view.
  const inputs = [host.input(mean.tensor), host.input(variance.tensor), ABSENT, ABSENT];
  if (gamma) inputs[2] = host.input(gamma.tensor);
  if (beta) inputs[3] = host.input(beta.tensor);
  const from = host.input(x);
  const above = dy ? host.input(dy) : ABSENT;
  const invstd = base + doubles;
  const spread = ({ tensor, shape }: Parameter, address: Address, into: Float32Array | Float64Array) => {
    block.spread(host.floats(address, sizeOf(tensor)), shape, into);
  };
  /** Of gamma or beta: where it is, or where it has one value a channel. */
  const channelwise = (parameter: Parameter, address: Address, scratch: Address): Address => {
    if (block.isWhole(parameter.shape)) return address;
    spread(parameter, address, host.floats(scratch, channels));
    return scratch;
  };
  spread(mean, inputs[0], host.doubles(base, channels));
  spread(variance, inputs[1], host.doubles(invstd, channels));
  if (channels > 0) kernels.invstd(invstd, invstd, channels, eps);
  const gammaAt = base + 4 * doubles;
  const betaAt = gammaAt + floats;
  return {
    pass: { kernels, scratch: betaAt + floats, extents: block.extents },
    affine: {
      mean: base,
      invstd,
      gamma: gamma ? channelwise(gamma, inputs[2], gammaAt) : ABSENT,
      beta: beta ? channelwise(beta, inputs[3], betaAt) : ABSENT,
    },
    sums: { dgamma: base + 2 * doubles, dbeta: base + 3 * doubles },
    x: from,
    dy: above,
  };
}

function sizeOf({ shape }: TensorInfo): number {
  return shape.reduce((product, extent) => product * extent, 1);
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
