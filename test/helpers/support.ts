/** What several suites need: seeded data, one batch in every layout, and a layer against the reference. */
import type { BatchNorm, Kernels, Layout, Tensor } from "../../src/index.js";
import { expectClose } from "./compare.js";
import { expectation, problemFrom } from "./problem.js";
import { random } from "./random.js";

export type DataLayout = Exclude<Layout, "C">;

/** `length` seeded numbers of mean `mean` and standard deviation `std` (sums of twelve uniform numbers), as float32. */
export function normal(length: number, seed: number, mean = 0, std = 1): Float32Array<ArrayBuffer> {
  const noise = random(seed);
  return Float32Array.from({ length }, () => mean + std * noise.normal());
}

/** The six layouts with spatial axes, for a batch of 30 spatial values. */
export const spatialLayouts: readonly DataLayout[] = ["NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC"];
export const spatial = 30;
const extents = { 3: [30], 4: [6, 5], 5: [2, 3, 5] } as const;

/** Channels-first values of (batch, channels, 30) as a tensor of `layout`. */
export function tensorIn(
  kernels: Kernels,
  layout: DataLayout,
  channelsFirst: ArrayLike<number>,
  [batch, channels]: readonly [number, number],
): Tensor {
  const axes = extents[layout.length as 3 | 4 | 5];
  if (!layout.endsWith("C")) return kernels.tensor([batch, channels, ...axes], layout, channelsFirst);
  return kernels.tensor([batch, ...axes, channels], layout, toChannelsLast(channelsFirst, channels, spatial));
}

/** The values of a tensor of (batch, channels, 30), channels first whatever its layout. */
export function channelsFirstOf(tensor: Tensor): Float32Array {
  if (!tensor.layout.endsWith("C")) return tensor.data.slice();
  return toChannelsFirst(tensor.data, tensor.shape[tensor.shape.length - 1], spatial);
}

/** (N, C, S) to (N, S, C). */
export function toChannelsLast(values: ArrayLike<number>, channels: number, spatial: number): Float32Array {
  return Float32Array.from(values, (_, i) => {
    const n = Math.floor(i / (channels * spatial));
    const s = Math.floor(i / channels) % spatial;
    return values[(n * channels + (i % channels)) * spatial + s];
  });
}

/** (N, S, C) to (N, C, S). */
export function toChannelsFirst(values: ArrayLike<number>, channels: number, spatial: number): Float32Array {
  return Float32Array.from(values, (_, i) => {
    const n = Math.floor(i / (channels * spatial));
    const c = Math.floor(i / spatial) % channels;
    return values[(n * spatial + (i % spatial)) * channels + c];
  });
}

/** Forward and, with `dy`, backward of the layer against the reference, in the metric. */
export function expectLayer(layer: BatchNorm, x: Tensor, dy: Tensor | undefined, eps = 1e-5): void {
  const { runningMean, runningVar } = layer;
  const frozen = !layer.training && runningMean && runningVar;
  const p = problemFrom(x.layout, x.shape, {
    x: x.data.slice(),
    ...(dy && { dy: dy.data.slice() }),
    gamma: layer.gamma?.data.slice() ?? null,
    beta: layer.beta?.data.slice() ?? null,
    eps,
    frozen: frozen ? { count: 0, mean: runningMean.slice(), variance: runningVar.slice() } : null,
  });
  const want = expectation(p);
  expectClose(p.line, "y", layer.forward(x).data, want.y);
  if (!dy) return;
  const { dx, dgamma, dbeta } = layer.backward(dy);
  expectClose(p.line, "dx", dx.data, want.dx);
  if (dgamma) expectClose(p.line, "dgamma", dgamma.data, want.dgamma);
  if (dbeta) expectClose(p.line, "dbeta", dbeta.data, want.dbeta);
}
