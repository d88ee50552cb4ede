import { instantiateKernels, type KernelExports } from "batchnorm-wasm";
import { compare } from "../agreement.js";
import { Arena, PAGE, reserve } from "../arena.js";
import type { Problem, Verbs } from "../baseline/index.js";
import type { Extents } from "../inputs.js";
import { type Addresses, kernelVerbs, memoryBoundVerbs, parameterBytes, scratchBytes } from "../kernels.js";
import { instantiateMemoryBound, type MemoryBound } from "../memory-bound/index.js";
import { reference } from "../reference.js";

/** With fewer values per channel the terms of dx almost cancel, so its relative error says nothing. */
const FEW = 8;

export interface Placed {
  readonly kernels: Verbs;
  readonly memoryBound: Verbs;
  /** Throws unless the kernels agree with float64. */
  check(): void;
}

/**
 * A memory for x, dy and one output that y and dx share, because four tensors of 1 GB would fill a 32-bit memory.
 * Shapes of the same size use the same addresses for tensors and scratch. Each has parameters of its own.
 */
export class Bed {
  readonly #exports: KernelExports;
  readonly #memoryBound: MemoryBound;
  readonly #arena: Arena;
  readonly #scratch: number;
  readonly #x: readonly [address: number, Float32Array];
  readonly #dy: readonly [address: number, Float32Array];
  readonly #out: readonly [address: number, Float32Array];

  /** `bytes` is the size of the largest x. `shapes` are the shapes that `place` will get. */
  constructor(bytes: number, shapes: readonly Extents[], memoryBound: BufferSource) {
    const scratch = scratchBytes(shapes);
    const parameters = shapes.reduce((all, { channels }) => all + parameterBytes(channels), 0);
    const memory = reserve(3 * bytes + parameters + scratch + PAGE);
    this.#arena = new Arena(memory);
    this.#exports = instantiateKernels(memory);
    this.#memoryBound = instantiateMemoryBound(memory, memoryBound);
    const tensor = () => this.#arena.f32(bytes / 4);
    [this.#x, this.#dy, this.#out] = [tensor(), tensor(), tensor()];
    this.#scratch = this.#arena.bytes(scratch);
  }

  /** Fills x and dy with `times` copies of x and dy of `part`. */
  fill({ x, dy }: Pick<Problem, "x" | "dy">, times: number): void {
    for (let k = 0; k < times; k++) {
      this.#x[1].set(x, k * x.length);
      this.#dy[1].set(dy, k * dy.length);
    }
  }

  /** Sets up the shape of `part` with `times` times its batch, as `fill` does. All statistics are those of `part`. */
  place(part: Problem, loop: Extents["loop"], times: number): Placed {
    const { channels } = part;
    const batch = part.batch * times;
    const f32 = (values: Float32Array) => {
      const [address, view] = this.#arena.f32(channels);
      view.set(values);
      return address;
    };
    const f64 = () => this.#arena.f64(channels);
    const [[runningMean, means], [runningVar, variances]] = [f64(), f64()];
    const [[dgamma, dgammas], [dbeta, dbetas]] = [f64(), f64()];
    const addresses: Addresses = {
      x: this.#x[0],
      y: this.#out[0],
      dy: this.#dy[0],
      dx: this.#out[0],
      gamma: f32(part.gamma),
      beta: f32(part.beta),
      mean: f64()[0],
      variance: f64()[0],
      invstd: f64()[0],
      runningMean,
      runningVar,
      dgamma,
      dbeta,
      scratch: this.#scratch,
    };
    means.set(part.runningMean);
    variances.set(part.runningVar);
    const kernels = kernelVerbs(this.#exports, addresses, { ...part, batch, loop });
    const memoryBound = memoryBoundVerbs(this.#memoryBound, addresses, 4 * part.x.length * times);
    return { kernels, memoryBound, check: () => this.#check(part, loop, times, kernels, dgammas, dbetas) };
  }

  #check(part: Problem, loop: Extents["loop"], times: number, verbs: Verbs, dgamma: Float64Array, dbeta: Float64Array) {
    const extents: Extents = { ...part, loop };
    const expected = reference(extents, part);
    const length = part.x.length;
    const name = `${loop}, ${part.batch * times} x ${part.channels} x ${part.spatial}`;
    const elements = (what: string, value: (i: number, c: number) => number) => {
      for (const k of new Set([0, times >> 1, times - 1])) {
        compare(`${name}: ${what}`, extents, this.#out[1].subarray(k * length, (k + 1) * length), value);
      }
    };
    const perChannel = (what: string, got: Float64Array, value: Float64Array) => {
      const one: Extents = { loop: "rows", batch: 1, channels: part.channels, spatial: 1 };
      compare(`${name}: ${what}`, one, got, (c) => times * value[c]);
    };
    verbs.inference();
    elements("y of inference", expected.inference);
    verbs.trainingForward();
    elements("y of training", expected.y);
    verbs.backward();
    if (part.batch * times * part.spatial >= FEW) elements("dx", expected.dx);
    perChannel("dgamma", dgamma, expected.dgamma);
    perChannel("dbeta", dbeta, expected.dbeta);
  }
}
