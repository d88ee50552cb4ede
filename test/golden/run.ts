import { BatchNorm, type Kernels } from "../../src/index.js";
import { type GoldenCase, type GoldenStep, type Quantity, values } from "./read.js";

/** Copies of the results of a step. */
export interface Outcome {
  readonly got: { readonly [quantity in Quantity]?: Float32Array | Float64Array };
  readonly numBatchesTracked: number;
  readonly error?: unknown;
}

export function layerOf(kernels: Kernels, golden: GoldenCase): BatchNorm {
  const { eps, momentum, affine, trackRunningStats, runningVariance } = golden;
  const layer = new BatchNorm(kernels, golden.numFeatures, {
    eps,
    momentum,
    trackRunningStats,
    gamma: affine,
    beta: affine,
    ...(runningVariance && { runningVariance }),
  });
  if (golden.weight && golden.bias) {
    layer.loadStateDict({ ...layer.stateDict(), weight: values(golden.weight), bias: values(golden.bias) });
  }
  return layer;
}

/** Runs one step. Loaded statistics go in through the views, which take a negative variance too. */
export function runStep(kernels: Kernels, layer: BatchNorm, golden: GoldenCase, step: GoldenStep): Outcome {
  if (step.load) {
    layer.runningMean?.set(values(step.load.runningMean));
    layer.runningVar?.set(values(step.load.runningVar));
    layer.numBatchesTracked = step.load.numBatchesTracked;
  }
  layer[step.mode]();
  const got: { [quantity in Quantity]?: Float32Array | Float64Array } = {};
  let error: unknown;
  const x = kernels.tensor(step.shape, golden.layout, values(step.x));
  try {
    const y = layer.forward(x);
    got.y = y.data.slice();
    y.dispose();
    if (step.dy) {
      const dy = kernels.tensor(step.shape, golden.layout, values(step.dy));
      const { dx, dgamma, dbeta } = layer.backward(dy);
      got.dx = dx.data.slice();
      if (dgamma) got.dweight = dgamma.data.slice();
      if (dbeta) got.dbias = dbeta.data.slice();
      dx.dispose();
      dy.dispose();
    }
  } catch (thrown) {
    error = thrown;
  }
  x.dispose();
  const state = layer.stateDict();
  if (state.running_mean) got.runningMean = Float64Array.from(state.running_mean);
  if (state.running_var) got.runningVar = Float64Array.from(state.running_var);
  return { got, numBatchesTracked: layer.numBatchesTracked, ...(error !== undefined && { error }) };
}
