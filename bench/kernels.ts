import { instantiateKernels, type KernelExports } from "batchnorm-wasm";
import { Arena, reserve } from "./arena.js";
import type { Problem, Verbs } from "./baseline/index.js";
import type { Contender } from "./contender.js";
import type { Extents } from "./data.js";
import type { Floor } from "./floor/index.js";

/** Where the kernels find x, y, dy, dx and everything that has one value a channel. */
export interface Addresses {
  readonly x: number;
  readonly y: number;
  readonly dy: number;
  readonly dx: number;
  readonly gamma: number;
  readonly beta: number;
  readonly mean: number;
  readonly variance: number;
  readonly invstd: number;
  readonly runningMean: number;
  readonly runningVar: number;
  readonly dgamma: number;
  readonly dbeta: number;
  readonly scratch: number;
}

/** Gamma, beta, the statistics and dgamma, dbeta of that many channels, each array aligned. */
export function parameterBytes(channels: number): number {
  return 64 * channels + 1024;
}

/** Bytes of scratch that suffice for each of these numbers of channels. The memory that will hold it need not exist yet. */
export function scratchBytes(channels: readonly number[]): number {
  const kernels = instantiateKernels(reserve(0));
  return channels.reduce((most, each) => Math.max(most, kernels.scratchBytes(each) >>> 0), 0);
}

export type Settings = Extents & Pick<Problem, "eps" | "momentum">;

function planes(k: KernelExports, a: Addresses, { batch, channels, spatial, eps, momentum }: Settings): Verbs {
  const { x, y, dy, dx, gamma, beta, mean, variance, invstd, runningMean, runningVar, dgamma, dbeta, scratch } = a;
  const count = batch * spatial;
  return {
    trainingForward() {
      k.statisticsPlanes(mean, variance, x, scratch, batch, channels, spatial);
      k.invstd(invstd, variance, channels, eps);
      k.normalizePlanes(y, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial);
      k.updateRunning(runningMean, runningVar, mean, variance, channels, momentum, unbiased(count));
    },
    inference() {
      k.invstd(invstd, runningVar, channels, eps);
      k.normalizePlanes(y, x, runningMean, invstd, gamma, beta, scratch, batch, channels, spatial);
    },
    backward() {
      k.gradientSumsPlanes(dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial);
      // biome-ignore format: the arguments of one kernel
      k.inputGradientPlanes(
        dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, batch, channels, spatial, count,
      );
    },
  };
}

function rows(k: KernelExports, a: Addresses, { batch, channels, spatial, eps, momentum }: Settings): Verbs {
  const { x, y, dy, dx, gamma, beta, mean, variance, invstd, runningMean, runningVar, dgamma, dbeta, scratch } = a;
  const count = batch * spatial;
  return {
    trainingForward() {
      k.statisticsRows(mean, variance, x, scratch, count, channels);
      k.invstd(invstd, variance, channels, eps);
      k.normalizeRows(y, x, mean, invstd, gamma, beta, scratch, count, channels);
      k.updateRunning(runningMean, runningVar, mean, variance, channels, momentum, unbiased(count));
    },
    inference() {
      k.invstd(invstd, runningVar, channels, eps);
      k.normalizeRows(y, x, runningMean, invstd, gamma, beta, scratch, count, channels);
    },
    backward() {
      k.gradientSumsRows(dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, count, channels);
      // biome-ignore format: the arguments of one kernel
      k.inputGradientRows(dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, count, channels, count);
    },
  };
}

/** The factor from the population variance to the unbiased one. A single value has neither: 1 keeps the average finite. */
function unbiased(count: number): number {
  return count > 1 ? count / (count - 1) : 1;
}

/** The three verbs as calls of the exports, without layer or tensors. */
export function kernelVerbs(k: KernelExports, a: Addresses, settings: Settings): Verbs {
  return settings.loop === "planes" ? planes(k, a, settings) : rows(k, a, settings);
}

/** The floor of each verb on the addresses of the kernels: what their passes must read and write, and no more. */
export function floorVerbs(floor: Floor, { x, y, dy, dx }: Addresses, bytes: number): Verbs {
  return {
    trainingForward() {
      floor.read(x, bytes);
      floor.copy(y, x, bytes);
    },
    inference: () => floor.copy(y, x, bytes),
    backward() {
      floor.read(x, bytes);
      floor.read(dy, bytes);
      floor.read(x, bytes);
      floor.copy(dx, dy, bytes);
    },
  };
}

/** The kernels in the benchmark's own memory, and the floor of that memory. */
export function rawKernels(
  k: KernelExports,
  floor: Floor,
  memory: WebAssembly.Memory,
  { loop, bytes }: Extents & { readonly bytes: number },
  p: Problem,
): { kernels: Contender; floor: Verbs } {
  const arena = new Arena(memory);
  const [[x, xs], [y, ys], [dy, dys], [dx, dxs]] = Array.from({ length: 4 }, () => arena.f32(p.x.length));
  const [[gamma, gammas], [beta, betas]] = Array.from({ length: 2 }, () => arena.f32(p.channels));
  const perChannel = () => arena.f64(p.channels);
  const [[mean], [variance], [invstd]] = [perChannel(), perChannel(), perChannel()];
  const [[runningMean, means], [runningVar, variances]] = [perChannel(), perChannel()];
  const [[dgamma, dgammas], [dbeta, dbetas]] = [perChannel(), perChannel()];
  const scratch = arena.bytes(k.scratchBytes(p.channels));
  // biome-ignore format: one line for the tensors, one for what has a value a channel
  const a: Addresses = {
    x, y, dy, dx,
    gamma, beta, mean, variance, invstd, runningMean, runningVar, dgamma, dbeta, scratch,
  };
  xs.set(p.x);
  dys.set(p.dy);
  gammas.set(p.gamma);
  betas.set(p.beta);
  return {
    kernels: {
      name: "kernels",
      verbs: kernelVerbs(k, a, { ...p, loop }),
      reset(before) {
        means.set(before.runningMean);
        variances.set(before.runningVar);
        for (const output of [ys, dxs, dgammas, dbetas]) output.fill(Number.NaN);
      },
      results: () => ({ y: ys, dx: dxs, dgamma: dgammas, dbeta: dbetas, runningMean: means, runningVar: variances }),
    },
    floor: floorVerbs(floor, a, bytes),
  };
}
