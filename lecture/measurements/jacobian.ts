import * as tf from "@tensorflow/tfjs-core";
import { batchNormInference, batchNormTraining } from "batchnorm-wasm/tfjs";
import { seeded } from "../../scripts/common/random.js";
import { sum } from "../report/numbers.js";
import { rounded } from "../training/classifier.js";

/**
 * Computes dy_i / dx_j of one channel in units of gamma * invstd: by the statistics of the batch (training), and by the
 * same statistics as constants (inference). Also measures the effect of scaling and adding inputs.
 */
export function derivatives(samples: number, eps: number, seed: number) {
  const random = seeded(seed);
  const [x, other] = [1, 2].map(() => tf.tensor2d(random.normal(samples, 2, 1), [samples, 1]));
  const { mean: center, variance } = tf.moments(x, 0);
  const training = (x: tf.Tensor) => batchNormTraining(x, null, null, { eps: eps }).y;
  const inference = (x: tf.Tensor) => batchNormInference(x, center, variance, null, null, { eps: eps });
  const rows = (f: typeof training) =>
    Array.from({ length: samples }, (_, i) => {
      const dy = tf.tensor2d(
        Float32Array.from({ length: samples }, (_, j) => (j === i ? 1 : 0)),
        [samples, 1],
      );
      return [...tf.grad(f)(x, dy).dataSync()];
    });
  const [inTraining, inInference] = [rows(training), rows(inference)];
  const xhat = training(x).dataSync();
  const invstd = 1 / Math.sqrt(variance.dataSync()[0] + eps);
  const exact = inTraining.map((_, i) =>
    inTraining.map((_, j) => invstd * ((i === j ? 1 : 0) - 1 / samples - (xhat[i] * xhat[j]) / samples)),
  );
  const offDiagonal = (rows: number[][]) => rows.flatMap((row, i) => row.filter((_, j) => j !== i));
  const largest = (values: number[]) => rounded(Math.max(...values.map(Math.abs)) / invstd);
  const distance = (a: tf.Tensor, b: tf.Tensor) => rounded(tf.div(tf.norm(tf.sub(a, b)), tf.norm(b)).dataSync()[0]);
  const sums = (f: typeof training) =>
    distance(f(tf.add(x, other)), tf.add(f(x), tf.sub(f(other), f(tf.zerosLike(x)))));
  return {
    error: largest(inTraining.flatMap((row, i) => row.map((value, j) => value - exact[i][j]))),
    rowSum: largest(inTraining.map((row) => sum(row))),
    alongXhat: largest(inTraining.map((row) => sum(row.map((value, j) => value * xhat[j])))),
    coupled: { training: largest(offDiagonal(inTraining)), inference: largest(offDiagonal(inInference)) },
    doubled: distance(training(tf.mul(x, 2)), training(x)),
    notAdditive: { training: sums(training), inference: sums(inference) },
    block: [inTraining, inInference].map((rows) => rows.slice(0, 4).map((row) => row.slice(0, 4).map(rounded))),
  };
}
