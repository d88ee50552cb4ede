import * as tf from "@tensorflow/tfjs-core";
import { batchNormTraining } from "batchnorm-wasm/tfjs";
import { disposeBatch } from "../../examples/common/batches.js";
import { seeded } from "../../scripts/common/random.js";
import type { Recipe } from "../experiment.js";
import { makeNetwork, Network } from "../training/network.js";
import { Batches } from "../training/train.js";
import { type Comparison, compareBits, sumScales } from "./bits.js";

/** LeNet's first layers, before which a 1x1 convolution may stand. */
const points = [
  { where: "the images", layers: 0, channels: 1, outputs: 6 },
  { where: "LeNet's first pooling", layers: 4, channels: 6, outputs: 16 },
  { where: "LeNet's second pooling", layers: 8, channels: 16, outputs: 120 },
] as const;

export type Compared = "normalization" | "channels first" | "convolution" | "both";

/** A comparison, and the distance that roundings may make. */
export type Judged = Comparison & { readonly limit: number };

export interface PixelsResult {
  readonly where: string;
  /** The shape [images, height, width, channels] of the input, and the channels of the output. */
  readonly shape: readonly number[];
  readonly outputs: number;
  /** y, and then the gradients by their names. */
  readonly compared: Readonly<Record<Compared, Readonly<Record<string, Judged>>>>;
}

type Step = Readonly<Record<string, tf.Tensor>>;

/** Compares 1x1 convolutions and batch normalization with what they are if every pixel is a row of a matrix. */
export const pixelsAsRows: Recipe<{ images: number }, PixelsResult[]> = {
  name: "pixels-as-rows",
  cost: ({ images }) => 0.1 + images * 0.004,
  run({ images: count }, { data, seed, progress }) {
    const random = seeded(seed);
    const network = makeNetwork({ body: "lenet", activation: "sigmoid", norm: {} }, random);
    const batch = new Batches(data.train, count, random).next();
    try {
      return points.map(({ where, layers, channels, outputs }, i) => {
        let shape: readonly number[] = [];
        let compared!: PixelsResult["compared"];
        tf.tidy(() => {
          const x = new Network(network.layers.slice(0, layers)).forward(batch.images, "batch") as tf.Tensor as Images;
          const [n, h, w] = x.shape;
          const bound = Math.sqrt(6 / (channels + outputs)); // Xavier
          const weight = tf.tensor2d(random.uniform(channels * outputs, bound), [channels, outputs]);
          const [gamma, beta] = [1, 2].map(() => tf.tensor1d(random.uniform(outputs, 2)));
          const dy = tf.tensor4d(random.normal(n * h * w * outputs, 1), [n, h, w, outputs]);
          shape = x.shape;
          compared = compare({ x, weight, gamma, beta, dy });
        });
        progress((i + 1) / points.length);
        return { where, shape, outputs, compared };
      });
    } finally {
      disposeBatch(batch);
      network.dispose();
    }
  },
};

type Images = tf.Tensor4D;

interface Inputs {
  readonly x: Images;
  readonly weight: tf.Tensor2D;
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
  readonly dy: Images;
}

const EPS = 1e-5;
/** Unit roundoff of float32. */
const u = 2 ** -24;

/**
 * The library's tests allow y and gradients an error of 1e-6 of their terms: five to eleven roundings, and sums in
 * blocks. This is the bound for the difference of two results.
 */
const NORMALIZED = 2e-6;

function compare({ x, weight, gamma, beta, dy }: Inputs): PixelsResult["compared"] {
  const dyRows = rows(dy);
  const a = dense(rows(x), weight);
  const images = tf.reshape(a, dy.shape);
  const normed = step(norm(-1), { x: a, gamma, beta }, dyRows);
  const asImages = step(norm(-1), { x: images, gamma, beta }, dy);
  const first = step(norm(1), { x: toFirst(images), gamma, beta }, toFirst(dy));
  const both =
    (affine: (t: tf.Tensor, weight: tf.Tensor) => tf.Tensor) =>
    (t: tf.Tensor, weight: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
      norm(-1)(affine(t, weight), gamma, beta);
  const { dgamma, dbeta } = sumScales(a, dyRows, EPS);
  const sums = { dgamma: { scale: dgamma }, dbeta: { scale: dbeta } };
  const products = productScales(rows(x), weight, dyRows);
  const { dx, dweight } = productScales(rows(x), weight, normed.dx as tf.Tensor2D);
  return {
    normalization: each(asImages, normed, sums),
    "channels first": each({ ...first, y: toLast(first.y), dx: toLast(first.dx) }, normed, sums),
    convolution: each(step(convolve, { x, weight }, dy), step(dense, { x: rows(x), weight }, dyRows), products),
    both: each(
      step(both(convolve), { x, weight, gamma, beta }, dy),
      step(both(dense), { x: rows(x), weight, gamma, beta }, dyRows),
      { ...sums, dx, dweight },
    ),
  };
}

const rows = (t: tf.Tensor) => tf.reshape(t, [-1, t.shape[t.rank - 1]]) as tf.Tensor2D;
const toFirst = (t: tf.Tensor) => tf.transpose(t, [0, 3, 1, 2]);
const toLast = (t: tf.Tensor) => tf.transpose(t, [0, 2, 3, 1]);

const norm = (axis: number) => (t: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
  batchNormTraining(t, gamma, beta, { axis, eps: EPS }).y;

const convolve = (t: tf.Tensor, weight: tf.Tensor) =>
  tf.conv2d(t as Images, tf.reshape(weight, [1, 1, ...(weight as tf.Tensor2D).shape]), 1, "valid");

const dense = (t: tf.Tensor, weight: tf.Tensor) => tf.matMul(t as tf.Tensor2D, weight as tf.Tensor2D) as tf.Tensor2D;

/** f of the inputs and its gradients, "d" before the name of each. */
function step(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: Record<string, tf.Tensor>, dy: tf.Tensor): Step {
  const { value, grads } = tf.valueAndGrads(f)(Object.values(inputs), dy);
  return { y: value, ...Object.fromEntries(Object.keys(inputs).map((name, i) => [`d${name}`, grads[i]])) };
}

interface SumScale {
  /** Largest sum of the magnitudes of the terms. */
  readonly scale: number;
  /** The number of terms of sums outside batch norm. */
  readonly terms?: number;
}

/**
 * Returns the sums of magnitudes for y = x W and its gradients. A sum of K terms in any order errs by at most K u times
 * the sum of their magnitudes.
 */
function productScales(x: tf.Tensor2D, weight: tf.Tensor2D, dy: tf.Tensor2D): Record<string, SumScale> {
  const scale = (a: tf.Tensor, b: tf.Tensor) => tf.max(dense(tf.abs(a), tf.abs(b))).dataSync()[0];
  const [[count, inputs], outputs] = [x.shape, weight.shape[1]];
  return {
    y: { scale: scale(x, weight), terms: inputs },
    dx: { scale: scale(dy, tf.transpose(weight)), terms: outputs },
    dweight: { scale: scale(tf.transpose(x), dy), terms: count },
  };
}

function each(a: Step, b: Step, sums: Record<string, SumScale>): Record<string, Judged> {
  const judge = (name: string) => {
    const { scale, terms } = sums[name] ?? {};
    return { ...compareBits(a[name], b[name], scale), limit: terms === undefined ? NORMALIZED : 2 * terms * u };
  };
  return Object.fromEntries(Object.keys(a).map((name) => [name, judge(name)]));
}
