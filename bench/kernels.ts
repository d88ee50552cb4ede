import { instantiateKernels, type KernelExports } from "batchnorm-wasm";
import { type Arena, reserve } from "./arena.js";
import type { Problem, Verbs } from "./baseline/index.js";
import type { Contender } from "./contender.js";
import type { Extents } from "./inputs.js";
import type { MemoryBound } from "./memory-bound/index.js";

/** Addresses of x, y, dy, dx and of all arrays that have one value per channel. */
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

/** Bytes of gamma, beta, the statistics, dgamma and dbeta for that many channels, each array aligned. */
export function parameterBytes(channels: number): number {
  return 64 * channels + 1024;
}

/** The extents as the exports take them: rows are planes of one value. */
function exported({ loop, batch, channels, spatial }: Extents): [batch: number, channels: number, spatial: number] {
  return loop === "planes" ? [batch, channels, spatial] : [batch * spatial, channels, 1];
}

/**
 * Bytes of scratch that are enough for each of these shapes. The memory that will hold the scratch need not exist yet.
 */
export function scratchBytes(shapes: readonly Extents[]): number {
  const kernels = instantiateKernels(reserve(0));
  return shapes.reduce((most, each) => Math.max(most, kernels.scratchBytes(...exported(each)) >>> 0), 0);
}

/** `relu` fuses a ReLU into the normalization; the default is false. */
export type Settings = Extents & Pick<Problem, "eps" | "momentum"> & { readonly relu?: boolean };

/**
 * The factor from the population variance to the unbiased variance. A single value has no unbiased variance; the factor
 * is 1 then, so that the running variance stays finite.
 */
function unbiased(count: number): number {
  return count > 1 ? count / (count - 1) : 1;
}

/** The three verbs as calls of one export each, without layer or tensors. */
export function kernelVerbs(k: KernelExports, a: Addresses, settings: Settings): Verbs {
  const { x, y, dy, dx, gamma, beta, mean, variance, invstd, runningMean, runningVar, dgamma, dbeta, scratch } = a;
  const { eps, momentum } = settings;
  const [batch, channels, spatial] = exported(settings);
  const count = batch * spatial;
  const correction = unbiased(count);
  const activation = settings.relu ? 1 : 0;
  const { forwardTraining, forwardInference, backward } = k;
  // biome-ignore format: the arguments in the groups in which the contract lists them
  return {
    trainingForward: () =>
      forwardTraining(
        y, mean, variance, invstd, runningMean, runningVar, x, 0,
        gamma, beta, scratch, batch, channels, spatial, eps, momentum, correction, activation,
      ),
    inference: () =>
      forwardInference(
        y, invstd, x, 0, runningMean, runningVar,
        gamma, beta, scratch, batch, channels, spatial, eps, activation,
      ),
    backward: () =>
      backward(
        dx, dgamma, dbeta, 0, 0,
        dy, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial, count, activation,
      ),
  };
}

/**
 * The memory bound of each verb, on the addresses of the kernels. It has the reads and writes that their passes must
 * do, and nothing else.
 */
export function memoryBoundVerbs(memoryBound: MemoryBound, { x, y, dy, dx }: Addresses, bytes: number): Verbs {
  return {
    trainingForward() {
      memoryBound.read(x, bytes);
      memoryBound.copy(y, x, bytes);
    },
    inference: () => memoryBound.copy(y, x, bytes),
    backward() {
      memoryBound.read(x, bytes);
      memoryBound.read(dy, bytes);
      memoryBound.read(x, bytes);
      memoryBound.copy(dx, dy, bytes);
    },
  };
}

/** Copies the data of `p` into the arena and sets up the kernels on them, with their own outputs and scratch. */
export function place(
  k: KernelExports,
  arena: Arena,
  extents: Extents,
  p: Problem,
  relu = false,
): { readonly kernels: Contender; readonly addresses: Addresses } {
  const [[x, xs], [y, ys], [dy, dys], [dx, dxs]] = Array.from({ length: 4 }, () => arena.f32(p.x.length));
  const [[gamma, gammas], [beta, betas]] = Array.from({ length: 2 }, () => arena.f32(p.channels));
  const perChannel = () => arena.f64(p.channels);
  const [[mean], [variance], [invstd]] = [perChannel(), perChannel(), perChannel()];
  const [[runningMean, means], [runningVar, variances]] = [perChannel(), perChannel()];
  const [[dgamma, dgammas], [dbeta, dbetas]] = [perChannel(), perChannel()];
  const scratch = arena.bytes(k.scratchBytes(...exported(extents)) >>> 0);
  // biome-ignore format: one line for the tensors, one for the per-channel values
  const addresses: Addresses = {
    x, y, dy, dx,
    gamma, beta, mean, variance, invstd, runningMean, runningVar, dgamma, dbeta, scratch,
  };
  xs.set(p.x);
  dys.set(p.dy);
  gammas.set(p.gamma);
  betas.set(p.beta);
  const kernels: Contender = {
    name: "kernels",
    verbs: kernelVerbs(k, addresses, { ...p, loop: extents.loop, relu }),
    reset(before) {
      means.set(before.runningMean);
      variances.set(before.runningVar);
      for (const output of [ys, dxs, dgammas, dbetas]) output.fill(Number.NaN);
    },
    results: () => ({ y: ys, dx: dxs, dgamma: dgammas, dbeta: dbetas, runningMean: means, runningVar: variances }),
  };
  return { kernels, addresses };
}
