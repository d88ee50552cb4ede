/** What several suites need: seeded data, one batch in every layout, and the metric as an assertion. */
import { expect } from "vitest";
import type { BatchNorm, Kernels, Layout, Tensor } from "../../src/index.js";
import { exactOf, type Pass, scalesOf, statisticsOf } from "../golden/float64.js";
import { channelOf, worstOf } from "../golden/metric.js";
import { random } from "./random.js";

export type DataLayout = Exclude<Layout, "C">;

/** Goal of the library in the metric of golden/README.md. */
export const goal = 1e-6;

/** `length` seeded numbers of mean `mean` and standard deviation `std` (sums of twelve uniform numbers), as float32. */
export function normal(length: number, seed: number, mean = 0, std = 1): Float32Array {
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

/** Asserts classes and a largest error of `limit` in the metric. */
export function expectClose(
  got: ArrayLike<number>,
  ref: ArrayLike<number>,
  scale: ArrayLike<number>,
  channel: (index: number) => number,
  limit = goal,
): void {
  expect(got.length).toBe(ref.length);
  const { maxRel, classMismatch } = worstOf(got, ref, scale, channel);
  expect(classMismatch).toBe(0);
  expect(maxRel).toBeLessThanOrEqual(limit);
}

/** Forward and, with `dy`, backward of the layer against float64, in the metric. */
export function expectStep(layer: BatchNorm, x: Tensor, dy: Tensor | undefined, eps = 1e-5): void {
  const { runningMean, runningVar } = layer;
  const frozen = !layer.training && runningMean && runningVar;
  const pass: Pass = {
    x: x.data.slice(),
    dy: dy?.data.slice(),
    gamma: layer.gamma?.data.slice(),
    beta: layer.beta?.data.slice(),
    eps,
    channels: x.shape[x.layout.indexOf("C")],
    channel: channelOf(x.layout, x.shape),
    frozen: frozen ? { mean: runningMean.slice(), variance: runningVar.slice() } : undefined,
  };
  const exact = statisticsOf(pass);
  const ref = exactOf(pass, exact);
  const scales = scalesOf(pass, exact);
  const each = (index: number) => index;
  expectClose(layer.forward(x).data, ref.y, scales.y, pass.channel);
  if (!dy) return;
  const { dx, dgamma, dbeta } = layer.backward(dy);
  expectClose(dx.data, ref.dx, scales.dx, pass.channel);
  if (dgamma) expectClose(dgamma.data, ref.dgamma, scales.dgamma, each);
  if (dbeta) expectClose(dbeta.data, ref.dbeta, scales.dbeta, each);
}
