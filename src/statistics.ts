/// <reference lib="esnext.disposable" preserve="true" />

import { checkInteger, checkNotNegative, checkNumbers, checkPerChannel } from "./arguments.js";
import { unfit, wrongType } from "./errors.js";
import { checkInput } from "./operands.js";
import * as phases from "./phases.js";
import { dispose, doubles, type Tensor } from "./tensor.js";

/**
 * Mean and population variance per channel, over `count` values each. The library returns views over its memory, with a
 * `dispose`: read them again after any allocation. It also accepts plain arrays.
 */
export interface Statistics {
  readonly count: number;
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
}

/** Statistics in the kernels' memory. */
export interface OwnedStatistics extends Statistics {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** Frees the memory. */
  dispose(): void;
  [Symbol.dispose](): void;
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
    phases.statistics(mean.address, variance.address, input);
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
 * nothing. The result has plain arrays.
 */
export function mergeStatistics(parts: readonly Statistics[]): OwnedStatistics {
  if (!Array.isArray(parts)) throw wrongType("parts", "an array of statistics", parts);
  if (parts.length === 0) throw unfit("parts", "at least one", "none");
  const checked: CheckedStatistics[] = [];
  for (const part of parts) checked.push(checkStatistics(part, checked[0]?.mean.length));
  const channels = checked[0].mean.length;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  let count = 0;
  for (const part of checked) {
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

/** A copy of a caller's statistics. */
export interface CheckedStatistics extends Statistics {
  readonly mean: Float64Array<ArrayBuffer>;
  readonly variance: Float64Array<ArrayBuffer>;
}

/** A copy of statistics of `channels` channels, or of any number if that is not given. */
export function checkStatistics(value: unknown, channels?: number): CheckedStatistics {
  if (typeof value !== "object" || value === null) throw wrongType("statistics", "statistics", value);
  const { count, mean, variance } = value as Partial<Statistics>;
  checkInteger("count", count, 0);
  const means = checkNumbers("mean", mean);
  if (channels === undefined && means.length === 0) {
    throw unfit("mean", "at least 1 value, one per channel", "none (or a view that is detached)");
  }
  const expected = channels ?? means.length;
  const checked = {
    count: count as number,
    mean: checkPerChannel("mean", means, expected),
    variance: checkPerChannel("variance", variance, expected),
  };
  checkNotNegative("variance", checked.variance);
  return checked;
}
