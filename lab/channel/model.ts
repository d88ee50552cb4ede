import {
  BatchNorm,
  batchStatistics,
  gradientSums,
  inputGradient,
  type Kernels,
  normalize,
  type Tensor,
} from "batchnorm-wasm";
import type { Loss } from "../state/state.js";

/** Mean and variance that the layer keeps of the batches it has seen. */
export interface Running {
  readonly mean: number;
  readonly variance: number;
}

export interface ChannelInput {
  /** The channel's values, one per sample. */
  readonly x: readonly number[];
  readonly gamma: number;
  readonly beta: number;
  readonly eps: number;
  readonly loss: Loss;
  /** Index of the sample that the loss "one" looks at. */
  readonly sample: number;
  /** Normalizes by `running` in place of the batch, as a layer in prediction mode does. */
  readonly predict: boolean;
  readonly running: Running;
}

export interface ChannelStep {
  /** Those that y is computed with. */
  readonly mean: number;
  readonly variance: number;
  readonly y: readonly number[];
  readonly loss: number;
  /** Gradients of the loss. */
  readonly dy: readonly number[];
  readonly dx: readonly number[];
  readonly dgamma: number;
  readonly dbeta: number;
}

/** The target of sample i in the loss "target". */
export const target = (i: number): number => (i % 2 === 0 ? 1 : -1);

interface LossFunction {
  readonly value: (y: readonly number[], sample: number) => number;
  /** Derivative with respect to y[i]. */
  readonly slope: (y: readonly number[], i: number, sample: number) => number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const LOSSES: Readonly<Record<Loss, LossFunction>> = {
  one: { value: (y, sample) => y[sample], slope: (_, i, sample) => (i === sample ? 1 : 0) },
  sum: { value: sum, slope: () => 1 },
  squares: { value: (y) => sum(y.map((value) => value ** 2)) / 2, slope: (y, i) => y[i] },
  target: {
    value: (y) => sum(y.map((value, i) => (value - target(i)) ** 2)) / 2,
    slope: (y, i) => y[i] - target(i),
  },
};

/** Forward and backward of one channel by the library. */
export function channelStep(kernels: Kernels, input: ChannelInput): ChannelStep {
  const held: { dispose(): void }[] = [];
  const hold = <T extends { dispose(): void }>(thing: T): T => {
    held.push(thing);
    return thing;
  };
  try {
    const column = (values: readonly number[]) => hold(kernels.tensor([values.length, 1], "NC", values));
    const x = column(input.x);
    const count = input.x.length;
    const { running } = input;
    const statistics = input.predict
      ? { count, mean: [running.mean], variance: [running.variance] }
      : hold(batchStatistics(x));
    const vector = (value: number): Tensor => hold(kernels.tensor([1], "C", [value]));
    const options = { gamma: vector(input.gamma), beta: vector(input.beta), eps: input.eps };
    const y = [...hold(normalize(x, statistics, options)).data];
    const { value, slope } = LOSSES[input.loss];
    const gradient = column(y.map((_, i) => slope(y, i, input.sample)));
    const sums = hold(gradientSums(gradient, x, statistics, options));
    const dx = hold(inputGradient(gradient, x, statistics, input.predict ? null : sums, options));
    return {
      mean: statistics.mean[0],
      variance: statistics.variance[0],
      y,
      loss: value(y, input.sample),
      dy: [...gradient.data],
      dx: [...dx.data],
      dgamma: sums.dgamma[0],
      dbeta: sums.dbeta[0],
    };
  } finally {
    for (const each of held) each.dispose();
  }
}

/** The running statistics after one more batch, or the words in which the layer refuses the batch. */
export function follow(kernels: Kernels, x: readonly number[], running: Running, momentum: number): Running | string {
  const layer = new BatchNorm(kernels, 1, { momentum });
  const batch = kernels.tensor([x.length, 1], "NC", x);
  try {
    layer.loadStateDict({ ...layer.stateDict(), running_mean: [running.mean], running_var: [running.variance] });
    layer.forward(batch, batch);
    const { running_mean, running_var } = layer.stateDict();
    return { mean: running_mean?.[0] ?? running.mean, variance: running_var?.[0] ?? running.variance };
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  } finally {
    batch.dispose();
    layer.dispose();
  }
}
