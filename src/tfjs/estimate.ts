import { dispose, type Tensor, tensor1d, tidy } from "@tensorflow/tfjs-core";
import { unfit, wrongType } from "../errors.js";
import { checkOptions } from "../options.js";
import { mergeStatistics, type Statistics } from "../statistics.js";
import { composedMoments } from "./composed.js";
import { extentsOf } from "./extents.js";
import { choices } from "./installation.js";
import { type BatchNormalizationLayer, callOf, type LayerCall, settingsOf, write } from "./layer.js";
import { asFloat, batchNormTraining } from "./ops.js";
import { localStatistics, reductionOf } from "./synchronised.js";

/** A model of tf.layers, as far as it is used here. */
export interface LayersModel {
  readonly layers: readonly object[];
  predictOnBatch(x: Tensor | Tensor[]): Tensor | Tensor[];
}

/** The inputs of a model for one batch, bare or in an object, as tf.data has them. */
export type EstimateBatch = Tensor | Tensor[] | { readonly xs: Tensor | Tensor[] };

/** A tf.data.Dataset, whose tensors are disposed after use, or another iterable, whose tensors stay the caller's. */
export type EstimateDataset =
  | Iterable<EstimateBatch>
  | AsyncIterable<EstimateBatch>
  | { iterator(): Promise<{ next(): Promise<IteratorResult<unknown>> }> };

export interface EstimateOptions {
  /** Called after each batch with the batches so far. */
  onBatch?: ((batches: number) => void) | undefined;
}

type Layer = BatchNormalizationLayer & { call: LayerCall };

/**
 * Sets the moving statistics of all batch normalization layers of a model to those of a whole data set, in one pass
 * (precise batch norm: Wu and Johnson 2021, section 3). Every value has the same weight, whatever the sizes of the
 * batches. Each layer normalizes by the batch, as in training. All other layers work as in inference. Only the moving
 * statistics change. With `allReduce` of `install` the data are this rank's part.
 * @throws TypeError, RangeError for a wrong argument, or fewer than two values per channel; the model has not changed then
 */
export async function estimateStatistics(
  model: LayersModel,
  dataset: EstimateDataset,
  options: EstimateOptions = {},
): Promise<void> {
  if (!Array.isArray(model?.layers) || typeof model.predictOnBatch !== "function") {
    throw wrongType("model", "a model of tf.layers", model);
  }
  checkOptions(options, ["onBatch"]);
  const { onBatch } = options;
  const found = new Map<Layer, Statistics>();
  for (const layer of normalizations(model)) found.set(layer, nothingFor(layer));
  if (found.size === 0) throw unfit("model", "a layer of batch normalization", "none");
  let batches = 0;
  for await (const { xs, done } of batchesOf(dataset)) {
    // An empty batch adds nothing, and models of TensorFlow.js refuse it.
    if ([xs].flat().every(({ size }) => size > 0)) observe(found, () => tidy(() => void model.predictOnBatch(xs)));
    done();
    onBatch?.(++batches);
  }
  const results = [...found].map(([layer, local]) => [layer, overRanks(layer, local)] as const);
  for (const [{ name }, { count }] of results) {
    if (count < 2) throw unfit("dataset", `at least 2 values per channel for layer "${name}"`, `${count}`);
  }
  for (const [layer, { mean, variance }] of results) {
    write(layer.movingMean, tensor1d(Float32Array.from(mean)));
    write(layer.movingVariance, tensor1d(Float32Array.from(variance)));
  }
}

/** Finds the batch normalization layers, also in nested models and in wrappers. */
function normalizations(model: { layers?: readonly object[]; layer?: object }): Layer[] {
  const inner = [...(model.layers ?? []), ...(model.layer ? [model.layer] : [])];
  return inner.flatMap((each) => ("movingMean" in each && "epsilon" in each ? [each as Layer] : normalizations(each)));
}

function nothingFor({ movingMean }: Layer): Statistics {
  const zeros = () => new Float64Array(movingMean.read().size);
  return { count: 0, mean: zeros(), variance: zeros() };
}

function overRanks(layer: Layer, local: Statistics): Statistics {
  const { allReduce } = choices();
  if (allReduce === undefined) return local;
  const reduction = reductionOf(allReduce, layer);
  return reduction.send(
    () => reduction.moments(local),
    () => settingsOf(layer, local.mean.length),
  );
}

/** Runs the model with layers that normalize by the batch, and adds its statistics to theirs. */
function observe(found: Map<Layer, Statistics>, run: () => void): void {
  const seen: [Layer, Statistics][] = [];
  const own = [...found.keys()].map((layer) => [layer, Object.getOwnPropertyDescriptor(layer, "call")] as const);
  try {
    for (const layer of found.keys()) {
      layer.call = (inputs) => {
        const { y, statistics } = normalizeByBatch(layer, inputs);
        seen.push([layer, statistics]);
        return y;
      };
    }
    run();
  } finally {
    for (const [layer, descriptor] of own) {
      if (descriptor) Object.defineProperty(layer, "call", descriptor);
      else Reflect.deleteProperty(layer, "call");
    }
  }
  for (const [layer, part] of seen) found.set(layer, mergeStatistics([found.get(layer) as Statistics, part]));
}

function normalizeByBatch(layer: Layer, inputs: Tensor | Tensor[]): { y: Tensor; statistics: Statistics } {
  const call = callOf(layer, inputs);
  if (call === null) throw unfit("dataset", `inputs that fit layer "${layer.name}"`, "others");
  const { axis, gamma, beta, host } = call;
  const x = asFloat("x", call.x);
  const { y } = batchNormTraining(x, gamma, beta, { axis, eps: layer.epsilon, singleValue: "pass" });
  const extents = extentsOf(x.shape, axis, axis + 1);
  if (host !== null) return { y, statistics: localStatistics(host, x, extents) };
  const { mean, variance } = composedMoments(x, axis);
  return { y, statistics: { count: extents.count, mean: mean.dataSync(), variance: variance.dataSync() } };
}

/** Yields the batches of a data set, each with a function to call after its use. */
async function* batchesOf(dataset: EstimateDataset): AsyncGenerator<{ xs: Tensor | Tensor[]; done(): void }> {
  if (typeof (dataset as { iterator?: unknown } | null)?.iterator === "function") {
    const iterator = await (dataset as { iterator(): Promise<AsyncIterator<EstimateBatch>> }).iterator();
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      const { value } = next;
      yield { xs: inputsOf(value), done: () => dispose(value as object as Tensor) };
    }
  } else {
    for await (const value of dataset as AsyncIterable<EstimateBatch>) yield { xs: inputsOf(value), done() {} };
  }
}

function inputsOf(batch: unknown): Tensor | Tensor[] {
  const xs = (batch as { xs?: unknown } | null)?.xs ?? batch;
  const all = Array.isArray(xs) ? xs : [xs];
  const isTensor = (each: Partial<Tensor> | null) => each?.dataId !== undefined && Array.isArray(each.shape);
  if (all.length === 0 || !all.every(isTensor)) throw wrongType("dataset", "batches of tensors, or { xs }", batch);
  return xs as Tensor | Tensor[];
}
