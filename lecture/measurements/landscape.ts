import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../../examples/common/batches.js";
import { copies, descend, distance, gradientsOf, inner, length, restore } from "../training/gradients.js";
import type { Network } from "../training/network.js";

/** Measures of Santurkar et al., "How Does Batch Normalization Help Optimization?" (arXiv 1805.11604). */

/** The changes of loss and gradient along the gradient, over steps of 1/2 to 4 times the learning rate. */
export interface Smoothness {
  /** Largest less least loss. */
  readonly lossRange: number;
  /** Largest distance of a gradient there from that here: the less, the better does this one predict. */
  readonly gradientDistance: number;
  /** The same over the length of the gradient here. */
  readonly relativeDistance: number;
  /** Largest distance of gradients over the length of the step: effective beta-smoothness. */
  readonly beta: number;
}

const factors = [0.5, 1, 2, 4];

export function smoothness(network: Network, batch: Batch, lr: number): Smoothness {
  const { variables } = network;
  const here = gradientsOf(network, batch, "batch");
  const size = length(here.values);
  const weights = copies(variables);
  const there = factors.map((factor) => {
    descend(variables, here.values, factor * lr);
    const { loss, values } = gradientsOf(network, batch, "batch");
    restore(variables, weights);
    const apart = distance(here.values, values);
    tf.dispose([...values]);
    return { loss, apart, beta: apart / (factor * lr * size) };
  });
  tf.dispose([...here.values, ...weights]);
  const losses = there.map(({ loss }) => loss);
  const gradientDistance = Math.max(...there.map(({ apart }) => apart));
  return {
    lossRange: Math.max(...losses) - Math.min(...losses),
    gradientDistance,
    relativeDistance: gradientDistance / size,
    beta: Math.max(...there.map(({ beta }) => beta)),
  };
}

/** The change of a layer's gradient when the layers below it take their step: internal covariate shift. */
export interface Shift {
  /** Length of the change. */
  readonly shift: number;
  /** The same over the length of the gradient before. */
  readonly relativeShift: number;
  /** Cosine of the angle between the gradients. */
  readonly cosine: number;
}

/** Means over all layers but the lowest. */
export function covariateShift(network: Network, batch: Batch, lr: number): Shift {
  const { variables } = network;
  const starts = variables.flatMap(({ rank }, i) => (rank >= 2 ? [i] : []));
  const before = gradientsOf(network, batch, "batch").values;
  const weights = copies(variables);
  const changes = starts.slice(1).map((start, k) => {
    const end = starts[k + 2] ?? variables.length;
    descend(variables.slice(0, start), before.slice(0, start), lr);
    const after = gradientsOf(network, batch, "batch").values;
    restore(variables, weights);
    const [own, moved] = [before.slice(start, end), after.slice(start, end)];
    const shift = distance(own, moved);
    const cosine = inner(own, moved) / (length(own) * length(moved));
    tf.dispose([...after]);
    return { shift, relativeShift: shift / length(own), cosine };
  });
  tf.dispose([...before, ...weights]);
  const meanOf = (name: keyof Shift) => changes.reduce((sum, change) => sum + change[name], 0) / changes.length;
  return { shift: meanOf("shift"), relativeShift: meanOf("relativeShift"), cosine: meanOf("cosine") };
}
