import {
  checkEps,
  checkInput,
  checkInteger,
  checkLikeInput,
  checkNotNegative,
  checkNumbers,
  checkOneOf,
  checkOptions,
  checkPerChannel,
  checkVector,
  wrongType,
  wrongValue,
} from "./check.js";
import { Doubles, dispose, FloatTensor, type Tensor, together } from "./tensor.js";
import * as verbs from "./verbs.js";

export const ACTIVATIONS: readonly verbs.Activation[] = ["none", "relu"];

/**
 * Mean and population variance per channel, over `count` values each. What the library returns are views over its memory
 * (read them again after any allocation), with a `dispose`; what it accepts may also be plain arrays.
 */
export interface Statistics {
  readonly count: number;
  readonly mean: Float64Array | ArrayLike<number>;
  readonly variance: Float64Array | ArrayLike<number>;
}

/** Statistics in the kernels' memory. */
export interface OwnedStatistics extends Statistics {
  readonly mean: Float64Array<ArrayBuffer>;
  readonly variance: Float64Array<ArrayBuffer>;
  /** Gives the memory back. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** dgamma = sum(dy * xhat) and dbeta = sum(dy) per channel. Views as in {@link Statistics}. */
export interface GradientSums {
  readonly dgamma: Float64Array | ArrayLike<number>;
  readonly dbeta: Float64Array | ArrayLike<number>;
}

/** Gradient sums in the kernels' memory. */
export interface OwnedGradientSums extends GradientSums {
  readonly dgamma: Float64Array<ArrayBuffer>;
  readonly dbeta: Float64Array<ArrayBuffer>;
  /** Gives the memory back. */
  dispose(): void;
  [Symbol.dispose](): void;
}

export interface GradientOptions {
  /** Scale, shape [C]; absent: 1. */
  gamma?: Tensor | null;
  /** Shift, shape [C]; absent: 0. Matters to a gradient only with an activation. */
  beta?: Tensor | null;
  /** Added to the variance under the root. Default 1e-5. */
  eps?: number;
  /** Fused behind the normalization. Default "none". */
  activation?: verbs.Activation;
}

export interface NormalizeOptions extends GradientOptions {
  /** Takes the result, in place of a new tensor; of x's shape and layout. May be the input that it is derived from. */
  out?: Tensor;
}

/** The statistics of x. One value per channel is allowed: parts of a batch may be merged afterwards. */
export function batchStatistics(x: Tensor): OwnedStatistics {
  const input = checkInput(x);
  const { count } = input.extents;
  const [mean, variance] = doubles(input, 2);
  if (count === 0) {
    mean.data.fill(0);
    variance.data.fill(0);
  } else {
    verbs.statistics(mean, variance, input);
  }
  return {
    count,
    get mean() {
      return mean.data;
    },
    get variance() {
      return variance.data;
    },
    dispose() {
      mean.dispose();
      variance.dispose();
    },
    [dispose]() {
      this.dispose();
    },
  };
}

/**
 * The statistics of all parts together, by the pairwise update of Chan, Golub and LeVeque (1979). Parts of count 0 add
 * nothing. The result is of plain arrays.
 */
export function mergeStatistics(parts: readonly Statistics[]): OwnedStatistics {
  if (!Array.isArray(parts)) throw wrongType("parts", "an array of statistics", parts);
  if (parts.length === 0) throw wrongValue("parts", "at least one", "none");
  const channels = checkStatistics(parts[0]);
  for (const part of parts) checkStatistics(part, channels);
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  let count = 0;
  for (const part of parts) {
    if (part.count === 0) continue;
    const total = count + part.count;
    const weight = part.count / total;
    for (let c = 0; c < channels; c++) {
      const distance = part.mean[c] - mean[c];
      const between = distance * distance * (1 - weight);
      variance[c] += (part.variance[c] - variance[c] + between) * weight;
      mean[c] += distance * weight;
    }
    count = total;
  }
  return { count, mean, variance, dispose() {}, [dispose]() {} };
}

/**
 * y = activation((x - mean) / sqrt(variance + eps) * gamma + beta), per channel.
 * @returns `options.out`, or a new tensor of x's shape and layout
 */
export function normalize(x: Tensor, statistics: Statistics, options: NormalizeOptions = {}): Tensor {
  const input = checkInput(x);
  checkStatistics(statistics, input.extents.channels);
  const checked = checkGradientOptions(options, input);
  const given = options.out === undefined ? null : checkLikeInput("out", options.out, input);
  return together((own) => {
    const y = given ?? own(new FloatTensor(input.kernels, input.shape, input.layout));
    withAffine(input, statistics, checked, (affine) => verbs.normalize(y, input, affine));
    return y;
  });
}

/**
 * dgamma = sum(dy * xhat) and dbeta = sum(dy) per channel, with xhat = (x - mean) / sqrt(variance + eps) and dy behind
 * the activation. They may be added over the parts of a batch.
 */
export function gradientSums(
  dy: Tensor,
  x: Tensor,
  statistics: Statistics,
  options: GradientOptions = {},
): OwnedGradientSums {
  const input = checkInput(x);
  const gradient = checkLikeInput("dy", dy, input);
  checkStatistics(statistics, input.extents.channels);
  const checked = checkGradientOptions(options, input);
  const [dgamma, dbeta] = doubles(input, 2);
  dgamma.data.fill(0);
  dbeta.data.fill(0);
  withAffine(input, statistics, checked, (affine) => verbs.gradientSums({ dgamma, dbeta }, gradient, input, affine));
  return {
    get dgamma() {
      return dgamma.data;
    },
    get dbeta() {
      return dbeta.data;
    },
    dispose() {
      dgamma.dispose();
      dbeta.dispose();
    },
    [dispose]() {
      this.dispose();
    },
  };
}

/**
 * dx = gamma / sqrt(variance + eps) * (dy - dbeta / m - xhat * dgamma / m), m = `statistics.count`: the gradient through
 * the normalization and the statistics of all m values (Ioffe and Szegedy 2015). With `sums` null the statistics are
 * constants: dx = gamma / sqrt(variance + eps) * dy.
 * @returns `options.out`, or a new tensor of x's shape and layout
 */
export function inputGradient(
  dy: Tensor,
  x: Tensor,
  statistics: Statistics,
  sums: GradientSums | null,
  options: NormalizeOptions = {},
): Tensor {
  const input = checkInput(x);
  const gradient = checkLikeInput("dy", dy, input);
  const { channels } = input.extents;
  checkStatistics(statistics, channels);
  if (sums !== null) {
    if (typeof sums !== "object") throw wrongType("sums", "gradient sums or null", sums);
    checkPerChannel("dgamma", sums.dgamma, channels);
    checkPerChannel("dbeta", sums.dbeta, channels);
  }
  const checked = checkGradientOptions(options, input);
  const given = options.out === undefined ? null : checkLikeInput("out", options.out, input);
  if (given === input) throw wrongValue("out", 'a tensor other than "x"', '"x"');
  return together((own) => {
    const dx = given ?? own(new FloatTensor(input.kernels, input.shape, input.layout));
    const copied = sums && copies(input, [sums.dgamma, sums.dbeta]);
    try {
      const inMemory = copied && { dgamma: copied[0], dbeta: copied[1] };
      withAffine(input, statistics, checked, (affine) =>
        verbs.inputGradient(dx, gradient, input, affine, inMemory, statistics.count),
      );
    } finally {
      for (const copy of copied ?? []) copy.dispose();
    }
    return dx;
  });
}

/** Checks statistics of `channels` channels (of any number where that is not given) and returns their channels. */
function checkStatistics(value: unknown, channels?: number): number {
  if (typeof value !== "object" || value === null) throw wrongType("statistics", "statistics", value);
  const { count, mean, variance } = value as Partial<Statistics>;
  checkInteger("count", count, 0);
  const expected = channels ?? checkNumbers("mean", mean).length;
  checkPerChannel("mean", mean, expected);
  const variances = checkPerChannel("variance", variance, expected);
  checkNotNegative("variance", variances);
  return expected;
}

type CheckedOptions = Omit<verbs.Affine, "mean" | "invstd"> & { readonly eps: number };

function checkGradientOptions(options: GradientOptions, x: FloatTensor): CheckedOptions {
  checkOptions(options);
  const { gamma, beta, eps = 1e-5, activation = "none" } = options;
  return {
    eps: checkEps(eps),
    activation: checkOneOf("activation", activation, ACTIVATIONS),
    gamma: checkVector("gamma", gamma, x),
    beta: checkVector("beta", beta, x),
  };
}

/** Runs a verb with mean and invstd in the memory for its time; not for an empty x. */
function withAffine(
  x: FloatTensor,
  statistics: Statistics,
  { eps, ...affine }: CheckedOptions,
  run: (affine: verbs.Affine) => void,
): void {
  if (x.extents.count === 0) return;
  const [mean, invstd] = copies(x, [statistics.mean, statistics.variance]);
  try {
    verbs.invstd(invstd, invstd, eps);
    run({ mean, invstd, ...affine });
  } finally {
    mean.dispose();
    invstd.dispose();
  }
}

function doubles(x: FloatTensor, howMany: number): Doubles[] {
  return together((own) => Array.from({ length: howMany }, () => own(new Doubles(x.kernels, x.extents.channels))));
}

/** Copies in the memory. Sources may be views that the allocation detaches, hence the copies of them before it. */
function copies(x: FloatTensor, sources: readonly ArrayLike<number>[]): Doubles[] {
  const values = sources.map((source) => Float64Array.from(source));
  return doubles(x, sources.length).map((target, i) => {
    target.data.set(values[i]);
    return target;
  });
}
