import * as tf from "@tensorflow/tfjs-core";
import { seeded } from "../../scripts/common/random.js";
import { affine, type Layer, type NormMaker, variable } from "./network.js";

/** Layers that replace batch normalization in a comparison with a linear layer. They are the same in all modes. */

/** gamma and beta without normalization. */
export const scaleAndShift: NormMaker = (channels): Layer => {
  const [gamma, beta] = [1, 0].map((value) => variable(new Float32Array(channels).fill(value), [channels]));
  return { variables: [gamma, beta], apply: (x) => tf.add(tf.mul(x, gamma), beta) };
};

/** A dense layer with as many outputs as inputs, whose initial weights are Xavier-uniform. */
export const denseLayer: NormMaker = (channels, where) => {
  const weights = seeded(200 + where).uniform(channels * channels, Math.sqrt(3 / channels));
  return affine(variable(weights, [channels, channels]), channels);
};
