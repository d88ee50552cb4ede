import type { Activation, KernelMemory } from "../../src/index.js";
import { kernelsIn, memoryOf } from "./backend.js";
import type { Name } from "./contract.js";
import type { Instance } from "./instances.js";
import { type Arrays, type Call, type Extents, type Floats, type Numbers, Placed, type Placement } from "./placed.js";
import type { Problem } from "./problem.js";
import * as reference from "./reference.js";

/** Raw kernels in a memory of the test's own: addresses of any alignment, and every byte around them watched. */

export interface RawCall {
  readonly instance: Instance;
  readonly extents: Extents;
  /** null is absent. */
  readonly values: Arrays;
  readonly numbers: Numbers;
}

export interface RawPlacement extends Placement {
  /** What the memory holds beforehand. */
  readonly sentinel?: number;
}

const pages = 8;
/** Bytes watched beyond the last array. */
const reach = 4096;

export class RawMemory {
  readonly kernels;
  readonly bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #before: Int32Array;

  constructor(readonly memory: KernelMemory = memoryOf({ initial: pages, maximum: pages })) {
    this.kernels = kernelsIn(memory);
    this.bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#before = new Int32Array(this.#words.length);
  }

  /** The arrays of a call; all other bytes hold the sentinel. */
  place({ instance, extents, values }: RawCall, { sentinel = 0xff, ...placement }: RawPlacement = {}): Placed {
    const { inputs, outputs, updated } = instance;
    this.bytes.fill(sentinel);
    const placed = new Placed(this.kernels, this.memory, extents, [...outputs, ...inputs], values, placement);
    for (const name of [...inputs, ...updated]) {
      const array = values[name];
      if (array) placed.write(name, array);
    }
    return placed;
  }

  /** Calls that throw if a byte outside of the kernel's outputs and scratch has changed. */
  watched(placed: Placed): Call {
    const { call, limit } = placed;
    const near = Math.min(placed.used + reach, limit);
    // Words near the arrays, and those near the end of memory.
    const ranges = [
      [0, near],
      [Math.max(near, limit - reach), this.bytes.length],
    ].map(([from, to]) => [from >> 2, to >> 2]);
    return (kernel, numbers) => {
      for (const [from, to] of ranges) this.#before.set(this.#words.subarray(from, to), from);
      const result = call(kernel, numbers);
      const writable = placed.writable(kernel, numbers);
      for (const [from, to] of ranges) this.#expectUntouched(`${kernel}(${placed.extents})`, from, to, writable);
      return result;
    };
  }

  #expectUntouched(call: string, from: number, to: number, writable: [number, number][]): void {
    const [words, before] = [this.#words, this.#before];
    for (let i = from; i < to; i++) {
      if (before[i] === words[i]) continue;
      // Addresses are multiples of 4, and so are the ends of every range.
      if (writable.some(([start, end]) => 4 * i >= start && 4 * i < end)) continue;
      throw new Error(`${call}: byte ${4 * i} was overwritten, allowed ${JSON.stringify(writable)}`);
    }
  }

  /** Runs a call under watch, and gives the outputs that are not absent. */
  run(call: RawCall, placement: RawPlacement = {}): Partial<Record<Name, Floats>> {
    const placed = this.place(call, placement);
    call.instance.run(this.watched(placed), call.numbers);
    const present = call.instance.outputs.filter((name) => placed.address(name) !== 0);
    return Object.fromEntries(present.map((name) => [name, placed.read(name)]));
  }
}

/** Extents of the kernels for a tensor. */
export function extentsOf({ shape, layout }: Pick<Problem, "shape" | "layout">): Extents {
  const { batch, channels, spatial } = reference.axes(shape, layout);
  return layout.endsWith("C") ? [batch * spatial, channels, 1] : [batch, channels, spatial];
}

/** The call of an instance on a problem, with the statistics and sums of the reference. Without gamma all else that may be absent is. */
export function rawCall(p: Problem, instance: Instance): RawCall {
  const { channels, count } = reference.axes(p.shape, p.layout);
  const q = { ...p, activation: reference.activationNames[instance.activation] as Activation };
  const used = p.frozen ?? reference.statistics(p.x, p.shape, p.layout);
  const sums = reference.gradientSums(p.dy, p.x, p.shape, p.layout, used, q);
  const withoutSums = instance.frozen && !instance.outputs.includes("dgamma") ? { dgamma: null, dbeta: null } : {};
  const absent = p.gamma ? {} : { runningMean: null, runningVar: null, dgammaFloats: null, dbetaFloats: null };
  const values: Arrays = {
    x: p.x,
    dy: p.dy,
    y: Float32Array.from(reference.normalize(p.x, p.shape, p.layout, used, q)),
    residual: p.residual ?? null,
    gamma: p.gamma as Floats | null,
    beta: p.beta as Floats | null,
    mean: Float64Array.from(used.mean),
    variance: Float64Array.from(used.variance),
    invstd: reference.invstd(used.variance, p.eps) as Floats,
    dgamma: sums.dgamma as Floats,
    dbeta: sums.dbeta as Floats,
    runningMean: Float64Array.from({ length: channels }, (_, c) => c - 1.7),
    runningVar: Float64Array.from({ length: channels }, (_, c) => 0.3 + c / 2),
    ...absent,
    ...withoutSums,
  };
  const numbers = {
    activation: instance.activation,
    eps: p.eps,
    count: instance.frozen ? 0 : count,
    momentum: 0.1,
    correction: count / Math.max(count - 1, 1),
  };
  return { instance, extents: extentsOf(p), values, numbers };
}
