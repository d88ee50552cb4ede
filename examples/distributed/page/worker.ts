// A worker of `page.ts`, with a part of a batch. It normalizes by the batch of all workers, forward and backward.
import { batchStatistics, gradientSums, inputGradient, type Kernels, loadSync, normalize } from "batchnorm-wasm";
import type { Answer, Gradients, Means, Part } from "./page.js";

const kernels: Kernels = loadSync();

/** Posts this worker's values and waits for those of all. */
function exchange(own: Means | Gradients): Promise<Means | Gradients> {
  postMessage(own);
  return new Promise((resolve) => addEventListener("message", ({ data }) => resolve(data), { once: true }));
}

addEventListener(
  "message",
  async ({ data: { shape, values, gradient } }: MessageEvent<Part>) => {
    const x = kernels.tensor(shape, "NC", values);
    const dy = kernels.tensor(shape, "NC", gradient);
    const { count, mean, variance } = batchStatistics(x);
    // Copies: a view of the kernels' memory would take all of it along.
    const whole = (await exchange({ count, mean: mean.slice(), variance: variance.slice() })) as Means;
    const y = normalize(x, whole).data.slice();
    const { dgamma, dbeta } = gradientSums(dy, x, whole);
    const sums = (await exchange({ dgamma: dgamma.slice(), dbeta: dbeta.slice() })) as Gradients;
    const answer: Answer = { y, dx: inputGradient(dy, x, whole, sums).data.slice() };
    postMessage(answer);
  },
  { once: true },
);
