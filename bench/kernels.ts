import type { KernelExports } from "batchnorm-wasm";
import type { Problem, Verbs } from "./baseline/index.js";
import type { Case } from "./cases.js";
import type { Contender } from "./contender.js";
import type { Floor } from "./floor/index.js";

const ALIGNMENT = 64;
const PAGE = 65536;

/** Addresses handed out one after the other, 64-byte aligned, from a memory that never grows. */
class Arena {
  #next = ALIGNMENT;
  constructor(readonly memory: WebAssembly.Memory) {}

  bytes(length: number): number {
    const address = this.#next;
    this.#next = Math.ceil((address + length) / ALIGNMENT) * ALIGNMENT;
    if (this.#next > this.memory.buffer.byteLength) throw new RangeError("the benchmark's memory is too small");
    return address;
  }

  f32(length: number): [address: number, view: Float32Array] {
    const address = this.bytes(4 * length);
    return [address, new Float32Array(this.memory.buffer, address, length)];
  }

  f64(length: number): [address: number, view: Float64Array] {
    const address = this.bytes(8 * length);
    return [address, new Float64Array(this.memory.buffer, address, length)];
  }
}

/** A memory that holds x, y, dy, dx of the largest case and what its channels need. */
export function memoryFor(cases: readonly Case[]): WebAssembly.Memory {
  const need = cases.map(({ bytes, channels }) => 4 * bytes + 1024 * channels + PAGE);
  return new WebAssembly.Memory({ initial: Math.ceil(Math.max(...need) / PAGE) });
}

/** The floor of each verb on the addresses of the kernels: what their passes must read and write, and no more. */
function floorVerbs(floor: Floor, x: number, y: number, dy: number, dx: number, bytes: number): Verbs {
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

/** The kernels on addresses in the benchmark's own memory, without layer or tensors, and the floor of their memory. */
export function rawKernels(
  k: KernelExports,
  floor: Floor,
  memory: WebAssembly.Memory,
  { loop, bytes }: Case,
  p: Problem,
): { kernels: Contender; floor: Verbs } {
  const { batch, channels, spatial, eps, momentum } = p;
  const arena = new Arena(memory);
  const count = batch * spatial;
  const [[x, xs], [y, ys], [dy, dys], [dx, dxs]] = Array.from({ length: 4 }, () => arena.f32(p.x.length));
  const [[gamma, gammas], [beta, betas]] = Array.from({ length: 2 }, () => arena.f32(channels));
  const perChannel = () => arena.f64(channels);
  const [[mean], [variance], [invstd]] = [perChannel(), perChannel(), perChannel()];
  const [[runningMean, means], [runningVar, variances]] = [perChannel(), perChannel()];
  const [[dgamma, dgammas], [dbeta, dbetas]] = [perChannel(), perChannel()];
  const scratch = arena.bytes(k.scratchBytes(channels));
  xs.set(p.x);
  dys.set(p.dy);
  gammas.set(p.gamma);
  betas.set(p.beta);

  const correction = count / (count - 1);
  const planes: Verbs = {
    trainingForward() {
      k.statisticsPlanes(mean, variance, x, scratch, batch, channels, spatial);
      k.invstd(invstd, variance, channels, eps);
      k.normalizePlanes(y, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial);
      k.updateRunning(runningMean, runningVar, mean, variance, channels, momentum, correction);
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
  const rows: Verbs = {
    trainingForward() {
      k.statisticsRows(mean, variance, x, scratch, count, channels);
      k.invstd(invstd, variance, channels, eps);
      k.normalizeRows(y, x, mean, invstd, gamma, beta, scratch, count, channels);
      k.updateRunning(runningMean, runningVar, mean, variance, channels, momentum, correction);
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
  return {
    kernels: {
      name: "kernels",
      verbs: loop === "planes" ? planes : rows,
      reset(before) {
        means.set(before.runningMean);
        variances.set(before.runningVar);
        for (const output of [ys, dxs, dgammas, dbetas]) output.fill(Number.NaN);
      },
      results: () => ({
        y: ys,
        dx: dxs,
        dgamma: dgammas,
        dbeta: dbetas,
        runningMean: means,
        runningVar: variances,
      }),
    },
    floor: floorVerbs(floor, x, y, dy, dx, bytes),
  };
}
