import { BatchNorm, type BatchNormOptions, type Tensor } from "../../src/index.js";
import { kernels } from "./backend.js";
import { normal } from "./support.js";

/** A layer of three channels, and tensors for it. */

export const shape: readonly number[] = [4, 3, 5];

export function noise(seed: number): Tensor {
  return kernels.tensor(shape, "NCL", normal(60, seed, 1, 2));
}

export function layerWith(options?: BatchNormOptions): BatchNorm {
  const layer = new BatchNorm(kernels, 3, options);
  layer.gamma?.data.set([1.5, -2, 0.25]);
  layer.beta?.data.set([0.5, 0, -1]);
  layer.runningMean?.set([1, 0, -1]);
  layer.runningVar?.set([2, 0.5, 1]);
  return layer;
}
