/// <reference lib="esnext.disposable" preserve="true" />
import { checkEps, checkInteger, checkOneOf, checkPerChannel } from "./arguments.js";
import { unfit, wrongType } from "./errors.js";
import { checkInput, checkLikeInput, checkVector } from "./operands.js";
import * as operations from "./operations.js";
import { checkOptions } from "./options.js";
import { type CheckedStatistics, checkStatistics, type Statistics } from "./statistics.js";
import { type Doubles, dispose, doubles, FloatTensor, type Tensor, together } from "./tensor.js";

/** dgamma = sum(dy * xhat) and dbeta = sum(dy) per channel. Views as in {@link Statistics}. */
export interface GradientSums {
  readonly dgamma: ArrayLike<number>;
  readonly dbeta: ArrayLike<number>;
}

/** Gradient sums in the kernels' memory. */
export interface OwnedGradientSums extends GradientSums {
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
  /** Gives the memory back. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** What `normalize`, `gradientSums` and `inputGradient` take: one object can serve all three. */
export interface NormalizeOptions {
  /** Scale, shape [C]; absent: 1. */
  gamma?: Tensor | null | undefined;
  /** Shift, shape [C]; absent: 0. Matters to a gradient only with an activation. */
  beta?: Tensor | null | undefined;
  /** Added to the variance under the root. Default 1e-5. */
  eps?: number | undefined;
  /** Fused behind the normalization. Default "none". */
  activation?: operations.Activation | undefined;
  /**
   * Takes y or dx, in place of a new tensor; of x's shape and layout. It may be the input that the result is derived from.
   * `gradientSums` has no such result and writes nothing into it.
   */
  out?: Tensor | undefined;
}

const OPTIONS: readonly (keyof NormalizeOptions)[] = ["gamma", "beta", "eps", "activation", "out"];

/**
 * y = activation((x - mean) / sqrt(variance + eps) * gamma + beta), per channel.
 * @returns `options.out`, or a new tensor of x's shape and layout
 */
export function normalize(x: Tensor, statistics: Statistics, options: NormalizeOptions = {}): Tensor {
  const input = checkInput(x);
  const given = checkStatistics(statistics, input.extents.channels);
  const checked = checkNormalizeOptions(options, input);
  return together((own) => {
    const y = checked.out ?? own(FloatTensor.like(input));
    withAffine(input, given, checked, (affine) => operations.normalize(y, input, affine));
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
  options: NormalizeOptions = {},
): OwnedGradientSums {
  const input = checkInput(x);
  const gradient = checkLikeInput("dy", dy, input);
  const given = checkStatistics(statistics, input.extents.channels);
  const checked = checkNormalizeOptions(options, input);
  const [dgamma, dbeta] = together((own) => {
    const sums = doubles(input, 2).map(own);
    for (const each of sums) each.data.fill(0);
    withAffine(input, given, checked, (affine) => {
      operations.gradientSums(sums[0].address, sums[1].address, gradient, input, affine);
    });
    return sums;
  });
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
  const given = checkStatistics(statistics, channels);
  const checkedSums = sums === null ? null : checkSums(sums, channels);
  if (sums !== null && input.extents.count > 0) checkInteger("count", given.count, 1);
  const checked = checkNormalizeOptions(options, input);
  if (checked.out === input) throw unfit("out", 'a tensor other than "x"', '"x"');
  return together((own) => {
    const dx = checked.out ?? own(FloatTensor.like(input));
    const inMemory = checkedSums && stored(input, checkedSums);
    try {
      const [dgamma, dbeta] = inMemory?.map(({ address }) => address) ?? [operations.ABSENT, operations.ABSENT];
      withAffine(input, given, checked, (affine) => {
        operations.inputGradient(dx, gradient, input, affine, dgamma, dbeta, given.count);
      });
    } finally {
      for (const each of inMemory ?? []) each.dispose();
    }
    return dx;
  });
}

/** Copies of a caller's dgamma and dbeta. */
function checkSums(sums: GradientSums, channels: number): Float64Array[] {
  if (typeof sums !== "object") throw wrongType("sums", "gradient sums or null", sums);
  const { dgamma, dbeta } = sums;
  return [checkPerChannel("dgamma", dgamma, channels), checkPerChannel("dbeta", dbeta, channels)];
}

type CheckedOptions = Omit<operations.Affine, "mean" | "invstd"> & {
  readonly eps: number;
  readonly out: FloatTensor | null;
};

function checkNormalizeOptions(options: NormalizeOptions, x: FloatTensor): CheckedOptions {
  checkOptions(options, OPTIONS);
  const { gamma, beta, eps = 1e-5, activation = "none", out } = options;
  return {
    eps: checkEps(eps),
    activation: operations.ACTIVATIONS.indexOf(checkOneOf("activation", activation, operations.ACTIVATIONS)),
    gamma: checkVector("gamma", gamma, x)?.address ?? operations.ABSENT,
    beta: checkVector("beta", beta, x)?.address ?? operations.ABSENT,
    out: out === undefined ? null : checkLikeInput("out", out, x),
  };
}

/** Runs a verb with mean and invstd in the memory for its time; not for an empty x. */
function withAffine(
  x: FloatTensor,
  statistics: CheckedStatistics,
  { eps, gamma, beta, activation }: CheckedOptions,
  run: (affine: operations.Affine) => void,
): void {
  if (x.extents.count === 0) return;
  const vectors = doubles(x, 3);
  try {
    const [mean, variance, invstd] = vectors;
    mean.data.set(statistics.mean);
    variance.data.set(statistics.variance);
    operations.invstd(invstd.address, variance.address, x, eps);
    run({ mean: mean.address, invstd: invstd.address, gamma, beta, activation });
  } finally {
    for (const each of vectors) each.dispose();
  }
}

/** Per-channel values in x's memory. */
function stored(x: FloatTensor, values: readonly Float64Array[]): Doubles[] {
  return doubles(x, values.length).map((target, i) => {
    target.data.set(values[i]);
    return target;
  });
}
