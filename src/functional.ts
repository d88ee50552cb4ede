/// <reference lib="esnext.disposable" preserve="true" />
import {
  checkEps,
  checkInput,
  checkInteger,
  checkLikeInput,
  checkOneOf,
  checkOptions,
  checkPerChannel,
  checkVector,
  unfit,
  wrongType,
} from "./check.js";
import { checkStatistics, type Statistics } from "./statistics.js";
import { type Doubles, dispose, doubles, FloatTensor, type Tensor, together } from "./tensor.js";
import * as verbs from "./verbs.js";

/** dgamma = sum(dy * xhat) and dbeta = sum(dy) per channel. Views as in {@link Statistics}. */
export interface GradientSums {
  readonly dgamma: ArrayLike<number>;
  readonly dbeta: ArrayLike<number>;
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
  const [dgamma, dbeta] = together((own) => {
    const sums = doubles(input, 2).map(own);
    for (const each of sums) each.data.fill(0);
    const inMemory = { dgamma: sums[0], dbeta: sums[1] };
    withAffine(input, statistics, checked, (affine) => verbs.gradientSums(inMemory, gradient, input, affine));
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
  checkStatistics(statistics, channels);
  if (sums !== null) {
    if (typeof sums !== "object") throw wrongType("sums", "gradient sums or null", sums);
    if (input.extents.count > 0) checkInteger("count", statistics.count, 1);
    checkPerChannel("dgamma", sums.dgamma, channels);
    checkPerChannel("dbeta", sums.dbeta, channels);
  }
  const checked = checkGradientOptions(options, input);
  const given = options.out === undefined ? null : checkLikeInput("out", options.out, input);
  if (given === input) throw unfit("out", 'a tensor other than "x"', '"x"');
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

type CheckedOptions = Omit<verbs.Affine, "mean" | "invstd"> & { readonly eps: number };

function checkGradientOptions(options: GradientOptions, x: FloatTensor): CheckedOptions {
  checkOptions(options);
  const { gamma, beta, eps = 1e-5, activation = "none" } = options;
  return {
    eps: checkEps(eps),
    activation: checkOneOf("activation", activation, verbs.ACTIVATIONS),
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

/** Copies in the memory. Sources may be views that the allocation detaches, hence the copies of them before it. */
function copies(x: FloatTensor, sources: readonly ArrayLike<number>[]): Doubles[] {
  const values = sources.map((source) => Float64Array.from(source));
  return doubles(x, sources.length).map((target, i) => {
    target.data.set(values[i]);
    return target;
  });
}
