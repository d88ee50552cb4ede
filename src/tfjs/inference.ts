import { engine, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { ALL_PARTS } from "../exports.js";
import { alignShape, ChannelBlock } from "./broadcast.js";
import { isEmpty } from "./extents.js";
import { ABSENT, type Address, type Call, callOf, DOUBLE, type Host, IDENTITY, scratchBytes } from "./host.js";

/** A tensor, with its shape from alignShape. */
export interface Parameter {
  readonly tensor: TensorInfo;
  readonly shape: readonly number[];
}

/** A normalization by given statistics. All tensors are float32. */
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
 * Parameters of lower rank than x lie at `axis`, or at the last axes if `axis` is null, as in tf.batchNorm.
 * @throws RangeError if a parameter does not fit x
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

const FLOAT = 4;

/** The addresses of all operands, and of the vectors for the gradients' sums. */
interface Prepared {
  readonly x: Address;
  readonly dy: Address;
  readonly mean: Address;
  readonly variance: Address;
  /** The vector for invstd, which is not yet computed. */
  readonly invstd: Address;
  readonly gamma: Address;
  readonly beta: Address;
  readonly sums: readonly [dgamma: Address, dbeta: Address];
  readonly call: Call;
}

/** Begins a computation with the inputs, and with the parameters as one value per channel. */
function prepare(host: Host, inference: Inference, dy: TensorInfo | null): Prepared {
  const { x, gamma, beta, block } = inference;
  const { extents } = block;
  const { channels } = extents;
  const [doubles, floats] = [DOUBLE * channels, FLOAT * channels];
  const mean = host.begin(5 * doubles + 2 * floats + scratchBytes(host, extents));
  const [variance, invstd, dgamma, dbeta, gammaAt] = [1, 2, 3, 4, 5].map((i) => mean + i * doubles);
  const [betaAt, scratch] = [gammaAt + floats, gammaAt + 2 * floats];
  // All inputs come first, because an input from another backend may grow the memory and detach views.
  const inputs = [host.input(inference.mean.tensor), host.input(inference.variance.tensor), ABSENT, ABSENT];
  if (gamma) inputs[2] = host.input(gamma.tensor);
  if (beta) inputs[3] = host.input(beta.tensor);
  const from = host.input(x);
  const above = dy ? host.input(dy) : ABSENT;
  const spread = ({ tensor, shape }: Parameter, address: Address, into: Float32Array | Float64Array) => {
    block.spread(host.floats(address, sizeOf(tensor)), shape, into);
  };
  /** Returns the address of gamma or beta, or of a copy with one value per channel. */
  const channelwise = (parameter: Parameter | null, address: Address, room: Address): Address => {
    if (parameter === null || block.isWhole(parameter.shape)) return address;
    spread(parameter, address, host.floats(room, channels));
    return room;
  };
  spread(inference.mean, inputs[0], host.doubles(mean, channels));
  spread(inference.variance, inputs[1], host.doubles(variance, channels));
  return {
    x: from,
    dy: above,
    mean,
    variance,
    invstd,
    gamma: channelwise(gamma, inputs[2], gammaAt),
    beta: channelwise(beta, inputs[3], betaAt),
    sums: [dgamma, dbeta],
    call: callOf(scratch, extents),
  };
}

function sizeOf({ shape }: TensorInfo): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta. */
export function inferenceForward(host: Host, inference: Inference): TensorInfo {
  const { x, mean, variance, invstd, gamma, beta, call } = prepare(host, inference, null);
  const y = host.output(inference.x.shape);
  if (!isEmpty(inference.block.extents)) {
    const given = [mean, variance, gamma, beta] as const;
    host.kernels.forwardInference(y.address, invstd, x, ABSENT, ...given, ...call, inference.eps, IDENTITY);
  }
  return y.take();
}

/**
 * The gradients of one inference for dy, each in the shape of its input. The sums are computed once, at the first use.
 */
export class InferenceGradients {
  #sums: { dgamma: Float64Array; dbeta: Float64Array; gamma: Float32Array | null; invstd: Float64Array } | null = null;

  constructor(
    private readonly host: Host,
    private readonly dy: TensorInfo,
    private readonly inference: Inference,
  ) {}

  /** dx = gamma * invstd * dy. */
  x(): TensorInfo {
    const { host, inference } = this;
    const { x, dy, mean, variance, invstd, gamma, beta, call } = prepare(host, inference, this.dy);
    const { extents } = inference.block;
    const dx = host.output(inference.x.shape);
    if (!isEmpty(extents)) {
      host.kernels.invstd(invstd, variance, extents.channels, inference.eps);
      const given = [mean, invstd, gamma, beta, ABSENT, ABSENT] as const;
      host.kernels.inputGradient(dx.address, dy, x, ...given, ...call, extents.count, IDENTITY, 0, ALL_PARTS);
    }
    return dx.take();
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
    const { extents } = inference.block;
    const { channels } = extents;
    const { x, dy, mean, variance, invstd, gamma, beta, sums, call } = prepare(host, inference, this.dy);
    if (channels > 0) host.kernels.invstd(invstd, variance, channels, inference.eps);
    if (isEmpty(extents)) host.doubles(sums[0], 2 * channels).fill(0);
    else host.kernels.gradientSums(...sums, dy, x, mean, invstd, gamma, beta, ...call, IDENTITY);
    const copy = (address: Address) => host.doubles(address, channels).slice();
    this.#sums = {
      dgamma: copy(sums[0]),
      dbeta: copy(sums[1]),
      gamma: gamma === ABSENT ? null : host.floats(gamma, channels).slice(),
      invstd: copy(invstd),
    };
    return this.#sums;
  }

  #tensor({ tensor, shape }: Parameter, perChannel: Float64Array): Tensor {
    return engine().makeTensor(this.inference.block.gather(perChannel, shape), [...tensor.shape], "float32");
  }
}
