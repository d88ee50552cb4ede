import { BatchNorm, memoryOf } from "../batchnorm.js";
import { unfit, wrongType } from "../errors.js";
import { checkInput } from "../operands.js";
import { checkOptions } from "../options.js";
import { ofAnotherCopy } from "../realms.js";
import { batchStatistics, mergeStatistics, type Statistics } from "../statistics.js";
import type { Tensor } from "../tensor.js";
import { stepsOf } from "./batchnorm.js";

export interface EstimateOptions {
  /** Called after each batch with the batches so far, and the values per channel so far. */
  onBatch?: ((batches: number, count: number) => void) | undefined;
}

/**
 * Sets a layer's running statistics to those of all batches together (precise batch norm: Wu and Johnson 2021, section
 * 3). Every value has the same weight, whatever the sizes of the batches. One batch is in memory at a time. gamma, beta
 * and `numBatchesTracked` stay. With `allReduce` the batches are this rank's part; at most three messages follow the
 * last batch.
 * @param batches inputs of the layer, in the memory of any kernels; they stay the caller's
 * @returns count, mean and population variance, as plain arrays. The running variance is unbiased unless the layer says otherwise
 * @throws TypeError, RangeError for a wrong argument, or fewer than two values per channel; the layer has not changed then
 */
export async function estimateStatistics(
  layer: BatchNorm,
  batches: Iterable<Tensor> | AsyncIterable<Tensor>,
  options: EstimateOptions = {},
): Promise<Statistics> {
  if (!(layer instanceof BatchNorm)) {
    throw ofAnotherCopy("layer", "a BatchNorm", layer) ?? wrongType("layer", "a BatchNorm", layer);
  }
  checkOptions(options, ["onBatch"]);
  const { onBatch } = options;
  const { numFeatures, running } = memoryOf(layer).living();
  if (running === null) throw unfit("layer", "one with running statistics", "one without");
  const zeros = () => new Float64Array(numFeatures);
  let all: Statistics = { count: 0, mean: zeros(), variance: zeros() };
  let seen = 0;
  for await (const x of batches) {
    checkInput(x, undefined, numFeatures);
    const part = batchStatistics(x);
    all = mergeStatistics([all, part]);
    part.dispose();
    onBatch?.(++seen, all.count);
  }
  const memory = memoryOf(layer).living();
  const { count, mean, variance } = stepsOf(layer)?.moments(memory, all) ?? all;
  if (count < 2) throw unfit("batches", "at least 2 values per channel", `${count}`);
  const correction = memory.correction(count);
  running.mean.data.set(mean);
  running.variance.data.set(Float64Array.from(variance, (value) => value * correction));
  return { count, mean, variance };
}
