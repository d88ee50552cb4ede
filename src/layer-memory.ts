import { checkInteger } from "./arguments.js";
import { wrongType, wrongValue } from "./errors.js";
import { KernelInstance } from "./kernels.js";
import { type BatchNormOptions, checkLayerOptions } from "./layer-options.js";
import { MOST_CHANNELS } from "./layout.js";
import { ABSENT, ACTIVATIONS, type LayerAddresses } from "./operations.js";
import { ofAnotherCopy } from "./realms.js";
import { Doubles, FloatTensor, type Handle, type Life, together } from "./tensor.js";

export interface Moments {
  readonly mean: Doubles;
  readonly variance: Doubles;
}

/** A layer's settings, its few values per channel in the kernels' memory, and the state of its last forward. */
export class LayerMemory {
  readonly kernels: KernelInstance;
  readonly numFeatures: number;
  eps: number;
  momentum: number | null;
  training = true;
  numBatchesTracked = 0;
  /** The input of the last forward. */
  x: Handle | null = null;
  /** The output of the last forward if that added a residual, because backward masks dy by its sign. */
  y: Handle | null = null;
  /** Tells whether the last forward used running statistics, which are constants in backward. */
  frozen = false;
  /** Tells whether the last forward wrote y over x. */
  overwritten = false;
  readonly gamma: FloatTensor | null;
  readonly beta: FloatTensor | null;
  /** The last gradients. */
  readonly dgamma: FloatTensor | null;
  readonly dbeta: FloatTensor | null;
  readonly running: Moments | null;
  /** The mean of the last forward. */
  readonly mean: Doubles;
  /** dgamma and dbeta of the last backward alone, in float64. */
  readonly dgammaSums: Doubles;
  readonly dbetaSums: Doubles;
  /** The addresses of all this, and of the results of the last forward and backward. */
  readonly addresses: LayerAddresses;
  /** The same without the activation, for a backward with an already masked dy. */
  readonly linear: LayerAddresses;
  /** Tells whether the layer was disposed of. */
  readonly life: Life = { ended: null };
  readonly #blocks: (FloatTensor | Doubles)[] = [];
  readonly #unbiased: boolean;
  /** m / (m - 1) for the last m. It is stored, because a new number would be an allocation per step. */
  #correction: number | null = null;
  #corrected = 0;

  /** @throws TypeError, RangeError for a wrong argument; nothing was allocated then */
  constructor(kernels: unknown, numFeatures: number, options: BatchNormOptions) {
    this.kernels = checkKernels(kernels);
    this.numFeatures = checkInteger("numFeatures", numFeatures, 1);
    if (numFeatures > MOST_CHANNELS) throw wrongValue("numFeatures", `at most ${MOST_CHANNELS}`, numFeatures);
    const settings = checkLayerOptions(options);
    this.eps = settings.eps;
    this.momentum = settings.momentum;
    this.#unbiased = settings.runningVariance === "unbiased";

    const { gamma, beta, dgamma, dbeta, running, mean, dgammaSums, dbetaSums, others } = together((own) => {
      const filled = <B extends FloatTensor | Doubles>(block: B, value: number): B => {
        own(block).data.fill(value);
        this.#blocks.push(block);
        return block;
      };
      const floats = (value: number) => filled(new FloatTensor(this.kernels, [numFeatures], "C", this.life), value);
      const doubles = (value: number) => filled(new Doubles(this.kernels, numFeatures), value);
      const [gamma, dgamma] = settings.gamma ? [floats(1), floats(0)] : [null, null];
      const [beta, dbeta] = settings.beta ? [floats(0), floats(0)] : [null, null];
      const running = settings.trackRunningStats ? { mean: doubles(0), variance: doubles(1) } : null;
      const [mean, dgammaSums, dbetaSums] = [0, 0, 0].map(doubles);
      return { gamma, dgamma, beta, dbeta, running, mean, dgammaSums, dbetaSums, others: [0, 0].map(doubles) };
    });
    this.gamma = gamma;
    this.beta = beta;
    this.dgamma = dgamma;
    this.dbeta = dbeta;
    this.running = running;
    this.mean = mean;
    this.dgammaSums = dgammaSums;
    this.dbetaSums = dbetaSums;
    const [invstd, variance] = others.map(({ address }) => address);
    this.addresses = {
      mean: mean.address,
      invstd,
      gamma: gamma?.address ?? ABSENT,
      beta: beta?.address ?? ABSENT,
      activation: ACTIVATIONS.indexOf(settings.activation),
      variance,
      runningMean: running?.mean.address ?? ABSENT,
      runningVar: running?.variance.address ?? ABSENT,
      dgamma: dgammaSums.address,
      dbeta: dbetaSums.address,
      dgammaFloats: dgamma?.address ?? ABSENT,
      dbetaFloats: dbeta?.address ?? ABSENT,
    };
    this.linear = { ...this.addresses, activation: 0 };
  }

  /**
   * The factor from a batch's population variance, over `count` values per channel, to the variance that is averaged.
   */
  correction(count: number): number {
    if (!this.#unbiased) return 1;
    // It starts as null so that V8 keeps it as an object; each read would copy a field for floating point.
    if (this.#correction === null || this.#corrected !== count) {
      this.#corrected = count;
      this.#correction = count / (count - 1);
    }
    return this.#correction;
  }

  /** Returns this layer, or throws if it or one of its tensors was disposed of. */
  living(): this {
    if (this.life.ended !== null) throw new Error(this.life.ended);
    return this;
  }

  dispose(): void {
    this.life.ended = "layer was disposed";
    for (const block of this.#blocks) block.dispose();
    this.x = null;
    this.y = null;
  }
}

function checkKernels(value: unknown): KernelInstance {
  const expected = "what load returned";
  if (value instanceof KernelInstance) return value.unwrapped();
  throw ofAnotherCopy("kernels", expected, value) ?? wrongType("kernels", expected, value);
}
