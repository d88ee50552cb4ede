import * as tf from "@tensorflow/tfjs-core";
import { BatchNorm, type Kernels, load } from "batchnorm-wasm";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { disposeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { rounded } from "../training/classifier.js";
import { Batches } from "../training/train.js";
import { type Comparison, compareBits, sumScales } from "./bits.js";

/** The 28 x 28 pixels of an image as one to five axes. */
const pixelAxes = [[784], [28, 28], [7, 4, 28], [4, 7, 4, 7], [2, 2, 7, 4, 7]];

/** Layouts of the core by rank and the axis of the channels. */
const layouts = {
  2: { 1: "NC" },
  3: { 1: "NCL", 2: "NLC" },
  4: { 1: "NCHW", 3: "NHWC" },
  5: { 1: "NCDHW", 4: "NDHWC" },
} as const;
type Layout = "NC" | "NCL" | "NLC" | "NCHW" | "NHWC" | "NCDHW" | "NDHWC";

/** y and gradients, all of their values together. */
export interface AxisResult {
  readonly shape: readonly number[];
  readonly axis: number;
  /** Against the same memory as [before, channels, after]. */
  readonly reshaped: Comparison;
  /** Against the matrix [values, channels], whose memory is in another order. */
  readonly transposed: Comparison;
  /** y against the definition in float64: largest difference, as a part of the largest magnitude. */
  readonly definition: number | null;
  /** Against the core's layer in the layout; null where the core has none for these channels. */
  readonly core: (Comparison & { readonly layout: Layout }) | null;
}

export interface Refusal {
  readonly call: string;
  /** The name of the wrong argument. */
  readonly argument: string;
  /** null: nothing was thrown. */
  readonly error: { readonly name: string; readonly message: string } | null;
}

export interface RanksResult {
  readonly axes: readonly AxisResult[];
  readonly refusals: readonly Refusal[];
}

const EPS = 1e-5;

/** Batch norm of images with their pixels as up to five axes, over every axis; and calls that are wrong. */
export const ranks: Recipe<{ images: number }, RanksResult> = {
  name: "ranks",
  cost: ({ images }) => 0.3 + images * 0.006,
  async run({ images: count }, { data, seed, progress }) {
    const random = seeded(seed);
    const kernels = await load();
    const { images, ...others } = new Batches(data.train, count, random).next();
    const cases = pixelAxes.flatMap((extents) => [0, ...extents].map((_, axis) => ({ extents, axis })));
    const axes = cases.map(({ extents, axis }, i) => {
      let result!: AxisResult;
      tf.tidy(() => {
        const shape = [images.shape[0], ...extents];
        const channels = shape[axis];
        const [gamma, beta] = [1, 2].map(() => tf.tensor1d(random.uniform(channels, 2)));
        const dy = tf.tensor(random.normal(images.size, 1), shape);
        result = overAxis(kernels, { x: tf.reshape(images, shape), gamma, beta, dy }, axis);
      });
      progress((i + 1) / cases.length);
      return result;
    });
    disposeBatch({ images, ...others });
    return { axes, refusals: refusals(kernels) };
  },
};

interface Step {
  readonly y: tf.Tensor;
  readonly dx: tf.Tensor;
  readonly dgamma: tf.Tensor;
  readonly dbeta: tf.Tensor;
}

interface Inputs {
  readonly x: tf.Tensor;
  readonly gamma: tf.Tensor;
  readonly beta: tf.Tensor;
  readonly dy: tf.Tensor;
}

function overAxis(kernels: Kernels, inputs: Inputs, axis: number): AxisResult {
  const { x, dy } = inputs;
  const { shape, rank } = x;
  const step = trainingStep(inputs, axis);
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)].map(tf.util.sizeFromShape);
  const three = (t: tf.Tensor) => tf.reshape(t, [before, shape[axis], after]);
  const toLast = [...shape.keys()].filter((i) => i !== axis).concat(axis);
  const matrix = (t: tf.Tensor) => tf.reshape(tf.transpose(t, toLast), [-1, shape[axis]]) as tf.Tensor2D;
  const rows = trainingStep({ ...inputs, x: matrix(x), dy: matrix(dy) }, 1);
  const layout = (layouts as Record<number, Record<number, Layout>>)[rank]?.[axis];
  return {
    shape,
    axis,
    reshaped: all(trainingStep({ ...inputs, x: three(x), dy: three(dy) }, 1), step),
    transposed: all({ ...step, y: matrix(step.y), dx: matrix(step.dx) }, rows, sumScales(matrix(x), matrix(dy), EPS)),
    definition: rounded(fromDefinition(inputs, step.y, axis)),
    core: layout === undefined ? null : { ...all(coreStep(kernels, inputs, layout), step), layout },
  };
}

function trainingStep({ x, gamma, beta, dy }: Inputs, axis: number): Step {
  const y = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
    batchNormTraining(x, gamma, beta, { axis, eps: EPS }).y;
  const { value, grads } = tf.valueAndGrads(y)([x, gamma, beta], dy);
  const [dx, dgamma, dbeta] = grads;
  return { y: value, dx, dgamma, dbeta };
}

function coreStep(kernels: Kernels, { x, gamma, beta, dy }: Inputs, layout: Layout): Step {
  const layer = new BatchNorm(kernels, gamma.size, { eps: EPS });
  layer.loadStateDict({ ...layer.stateDict(), weight: gamma.dataSync(), bias: beta.dataSync() });
  const [input, above] = [x, dy].map((t) => kernels.tensor(t.shape, layout, t.dataSync()));
  const y = layer.forward(input);
  const { dx, dgamma, dbeta } = layer.backward(above);
  const copy = (t: typeof input | null) => tf.tensor((t as typeof input).data.slice());
  const step = { y: copy(y), dx: copy(dx), dgamma: copy(dgamma), dbeta: copy(dbeta) };
  for (const each of [input, above, y, dx, layer]) each.dispose();
  return step;
}

/** All values of two steps together. */
function all(a: Step, b: Step, scales: Partial<Record<keyof Step, number>> = {}): Comparison {
  const names = ["y", "dx", "dgamma", "dbeta"] as const;
  const comparisons = names.map((name) => compareBits(a[name], b[name], scales[name]));
  const sum = (name: "values" | "different") => comparisons.reduce((sum, comparison) => sum + comparison[name], 0);
  const distances = comparisons.map(({ distance }) => distance ?? Number.NaN);
  return { values: sum("values"), different: sum("different"), distance: rounded(Math.max(...distances)) };
}

/** Largest difference of y from (x - mean) / sqrt(variance + eps) * gamma + beta in float64, by the largest magnitude. */
function fromDefinition({ x, gamma, beta }: Inputs, y: tf.Tensor, axis: number): number {
  const [values, got] = [x.dataSync(), y.dataSync()];
  const [scale, shift] = [gamma.dataSync(), beta.dataSync()];
  const after = tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const channels = x.shape[axis];
  const channelOf = (i: number) => Math.floor(i / after) % channels;
  const meanOf = (of: (i: number) => number) => {
    const sums = new Float64Array(channels);
    for (let i = 0; i < values.length; i++) sums[channelOf(i)] += of(i);
    return sums.map((sum) => (sum * channels) / values.length);
  };
  const mean = meanOf((i) => values[i]);
  const variance = meanOf((i) => (values[i] - mean[channelOf(i)]) ** 2);
  let [difference, magnitude] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const c = channelOf(i);
    const want = ((values[i] - mean[c]) / Math.sqrt(variance[c] + EPS)) * scale[c] + shift[c];
    difference = Math.max(difference, Math.abs(got[i] - want));
    magnitude = Math.max(magnitude, Math.abs(want));
  }
  return difference / magnitude;
}

function refusals(kernels: Kernels): Refusal[] {
  const [scalar, vector, images] = [tf.scalar(1), tf.ones([8]), tf.ones([2, 4, 4, 3])];
  const options = { axis: 0 };
  const layer = new BatchNorm(kernels, 3);
  const parameters = kernels.tensor([3], "C");
  const tried = [
    refusal("batchNormTraining of rank 0", "x", () => batchNormTraining(scalar)),
    refusal("batchNormTraining of rank 1", "x", () => batchNormTraining(vector, null, null, options)),
    refusal("axis 4 of rank 4", "axis", () => batchNormTraining(images, null, null, { axis: 4 })),
    refusal("axis -5 of rank 4", "axis", () => batchNormTraining(images, null, null, { axis: -5 })),
    refusal("axis 1.5", "axis", () => batchNormTraining(images, null, null, { axis: 1.5 })),
    refusal("core: forward of layout C", "x", () => layer.forward(parameters)),
    refusal("core: rank 3 as NCHW", "shape", () => kernels.tensor([2, 3, 4], "NCHW")),
    refusal("core: rank 6 as NDHWC", "shape", () => kernels.tensor([2, 2, 2, 2, 2, 3], "NDHWC")),
    refusal("core: layout CN", "layout", () => kernels.tensor([3, 2], "CN" as Layout)),
  ];
  tf.dispose([scalar, vector, images]);
  layer.dispose();
  parameters.dispose();
  return tried;
}

function refusal(call: string, argument: string, run: () => unknown): Refusal {
  try {
    run();
    return { call, argument, error: null };
  } catch (error) {
    const { name, message } = error as Error;
    return { call, argument, error: { name, message } };
  }
}
