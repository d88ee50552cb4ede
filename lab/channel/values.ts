import { computed, signal } from "@preact/signals";
import type { Kernels } from "batchnorm-wasm";
import { state, X_END } from "../state/state.js";
import { channelStep, follow } from "./model.js";

/** null until they are loaded. */
export const kernels = signal<Kernels | null>(null);

/** The values of the samples that are in the batch. */
export const batch = computed(() => state.x.value.slice(0, state.n.value));

/** The sample that is looked at, from 0. */
export const chosen = computed(() => Math.min(state.sample.value, state.n.value) - 1);

export const step = computed(() => {
  if (kernels.value === null) return null;
  return channelStep(kernels.value, {
    x: batch.value,
    gamma: state.gamma.value,
    beta: state.beta.value,
    eps: state.eps.value,
    loss: state.loss.value,
    sample: chosen.value,
    predict: state.predict.value,
    running: { mean: state.runningMean.value, variance: state.runningVar.value },
  });
});

/** The message with which the layer refused the last batch, or an empty text. */
export const refusal = signal("");

/** Passes the batch through a layer in training: the running statistics follow. */
export function sendBatch(): void {
  if (kernels.value === null) return;
  const before = { mean: state.runningMean.value, variance: state.runningVar.value };
  const after = follow(kernels.value, batch.value, before, state.momentum.value);
  refusal.value = typeof after === "string" ? after : "";
  if (typeof after === "string") return;
  state.runningMean.value = after.mean;
  state.runningVar.value = after.variance;
}

export function moveSample(i: number, to: number): void {
  const limited = Math.min(X_END, Math.max(-X_END, Math.round(to * 100) / 100));
  state.x.value = state.x.value.map((value, k) => (k === i ? limited : value));
}

/** A term of the formula, which the picture marks. */
export type Term = "x" | "mean" | "variance" | "eps" | "gamma" | "beta" | "y" | "gradient";

/** The term that the reader points to. */
export const marked = signal<Term | "">("");
