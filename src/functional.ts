/// <reference lib="esnext.disposable" preserve="true" />
import { checkInteger, checkOneOf, checkPerChannel } from "./arguments.js";
import { unfit, wrongType } from "./errors.js";
import {
  type CheckedOptions,
  checkNormalizeOptions,
  GRADIENT_OPTIONS,
  type GradientOptions,
  MASK_OPTIONS,
  type MaskOptions,
  NORMALIZE_OPTIONS,
  type NormalizeOptions,
} from "./normalize-options.js";
import { checkInput, checkLikeInput, checkTensor } from "./operands.js";
import { ABSENT, ACTIVATIONS, type Affine } from "./operations.js";
import { checkOptions } from "./options.js";
import * as phases from "./phases.js";
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
  /** Frees the memory. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/**
 * y = activation((x - mean) / sqrt(variance + eps) * gamma + beta + residual), per channel.
 * @returns `options.out`, or a new tensor of x's shape and layout
 */
export function normalize(x: Tensor, statistics: Statistics, options: NormalizeOptions = {}): Tensor {
  const input = checkInput(x);
  const given = checkStatistics(statistics, input.extents.channels);
  const checked = checkNormalizeOptions(options, input, NORMALIZE_OPTIONS);
  return together((own) => {
    const y = checked.out ?? own(FloatTensor.like(input));
    withAffine(input, given, checked, (affine) => phases.normalize(y, input, checked.residual, affine));
    return y;
  });
}

/**
 * dz = dy where the activation passed y, else 0: the gradient before an activation, and that of a residual. With ReLU,
 * dy passes where y is positive or NaN. After a `normalize` with both, pass dz as dy to `gradientSums` and
 * `inputGradient`, without an activation.
 * @param y the output of the activation
 * @param options `out` takes dz; of y's shape and layout. It may be dy or y
 * @returns `options.out`, or a new tensor of y's shape and layout
 */
export function maskGradient(dy: Tensor, y: Tensor, options: MaskOptions = {}): Tensor {
  checkOptions(options, MASK_OPTIONS);
  const { out, activation = "relu" } = options;
  const number = ACTIVATIONS.indexOf(checkOneOf("activation", activation, ACTIVATIONS));
  const output = checkTensor("y", y);
  const gradient = checkLikeInput("dy", dy, output, "y");
  const dz = out === undefined ? FloatTensor.like(output) : checkLikeInput("out", out, output, "y");
  if (output.length > 0) phases.maskGradient(dz, gradient, output, number);
  return dz;
}

/**
 * dgamma = sum(dy * xhat) and dbeta = sum(dy) per channel, with xhat = (x - mean) / sqrt(variance + eps) and dy after
 * the activation's mask. The sums of the parts of a batch can be added.
 */
export function gradientSums(
  dy: Tensor,
  x: Tensor,
  statistics: Statistics,
  options: GradientOptions = {},
): OwnedGradientSums {
  const input = checkInput(x);
  const gradient = checkLikeInput("dy", dy, input);
  const given = checkStatistics(statistics, input.extents.channels);
  const checked = checkNormalizeOptions(options, input, GRADIENT_OPTIONS);
  const [dgamma, dbeta] = together((own) => {
    const sums = doubles(input, 2).map(own);
    for (const each of sums) each.data.fill(0);
    withAffine(input, given, checked, (affine) => {
      phases.gradientSums(sums[0].address, sums[1].address, gradient, input, affine);
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
 * dx = gamma / sqrt(variance + eps) * (dy - dbeta / m - xhat * dgamma / m), m = `statistics.count`: the gradient
 * through the normalization and the statistics of all m values (Ioffe and Szegedy 2015). With `sums` null the
 * statistics are constants: dx = gamma / sqrt(variance + eps) * dy.
 * @returns `options.out`, or a new tensor of x's shape and layout
 */
export function inputGradient(
  dy: Tensor,
  x: Tensor,
  statistics: Statistics,
  sums: GradientSums | null,
  options: GradientOptions = {},
): Tensor {
  const input = checkInput(x);
  const gradient = checkLikeInput("dy", dy, input);
  const { channels } = input.extents;
  const given = checkStatistics(statistics, channels);
  const checkedSums = sums === null ? null : checkSums(sums, channels);
  if (sums !== null && input.extents.count > 0) checkInteger("count", given.count, 1);
  const checked = checkNormalizeOptions(options, input, GRADIENT_OPTIONS);
  if (checked.out === input) throw unfit("out", 'a tensor other than "x"', '"x"');
  return together((own) => {
    const dx = checked.out ?? own(FloatTensor.like(input));
    const inMemory = checkedSums && stored(input, checkedSums);
    try {
      const [dgamma, dbeta] = inMemory?.map(({ address }) => address) ?? [ABSENT, ABSENT];
      withAffine(input, given, checked, (affine) => {
        phases.inputGradient(dx, gradient, input, affine, dgamma, dbeta, given.count);
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

/** Runs an operation, with mean and invstd in the memory until it ends. x must not be empty. */
function withAffine(
  x: FloatTensor,
  statistics: CheckedStatistics,
  { eps, gamma, beta, activation }: CheckedOptions,
  run: (affine: Affine) => void,
): void {
  if (x.extents.count === 0) return;
  const vectors = doubles(x, 3);
  try {
    const [mean, variance, invstd] = vectors;
    mean.data.set(statistics.mean);
    variance.data.set(statistics.variance);
    phases.invstd(invstd.address, variance.address, x, eps);
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
