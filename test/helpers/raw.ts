import type { KernelExports, KernelMemory } from "../../src/index.js";
import { kernelsIn, memoryOf } from "./backend.js";
import { type LoopShape, type Name, verbs } from "./contract.js";
import type { Problem } from "./problem.js";
import * as reference from "./reference.js";

/** Raw kernels in a memory of the test's own: addresses of any alignment, and every byte around them watched. */

export type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

export interface RawCall {
  readonly verb: string;
  readonly loop: LoopShape;
  readonly activation: string;
  readonly extents: readonly number[];
  readonly channels: number;
  readonly count: number;
  readonly arrays: Readonly<Record<Name, Floats | null>>;
}

/** Where the arrays of a call lie. */
export interface Placement {
  /** Bytes past a multiple of 16 for the array number i of the call. */
  offset(i: number): number;
  /** This array ends where the memory ends. */
  last?: Name;
  inPlace?: boolean;
  /** What the memory holds beforehand. */
  sentinel?: number;
}

export const aligned: Placement = { offset: () => 0 };

const pages = 8;
/** Bytes before, between and after the arrays. */
const guard = 64;
/** Bytes watched beyond the last array. */
const reach = 4096;
const single: ReadonlySet<Name> = new Set(["x", "y", "dy", "dx", "gamma", "beta"]);

export class RawMemory {
  readonly kernels: KernelExports;
  readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly before: Int32Array;

  constructor(readonly memory: KernelMemory = memoryOf({ initial: pages, maximum: pages })) {
    this.kernels = kernelsIn(memory);
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Int32Array(memory.buffer);
    this.before = new Int32Array(this.words.length);
  }

  read(address: number, like: Floats): Floats {
    const copy = this.bytes.slice(address, address + like.byteLength).buffer;
    return like instanceof Float32Array ? new Float32Array(copy) : new Float64Array(copy);
  }

  /** Runs a call and gives its outputs; throws if a byte outside of them and the scratch has changed. */
  run(call: RawCall, placement: Placement = aligned): Floats[] {
    const { outputs, inputs, count, inPlace, kernel: name = call.verb } = verbs[call.verb];
    this.bytes.fill(placement.sentinel ?? 0xff);
    const writable: [number, number][] = [];
    const at = this.place(call, placement);
    for (const name of inputs) {
      const array = call.arrays[name];
      if (array) this.bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at.address(name));
    }
    const outputAt = (name: Name) => at.address(placement.inPlace && inPlace ? inPlace : name);
    for (const name of outputs) writable.push([outputAt(name), outputAt(name) + shapeOf(call, name).byteLength]);
    writable.push([at.scratch, at.scratch + this.kernels.scratchBytes(call.channels)]);
    this.before.set(this.words);
    const kernel = this.kernels[(name + call.loop + call.activation) as keyof KernelExports] as (
      ...numbers: number[]
    ) => void;
    const addresses = [...outputs.map(outputAt), ...inputs.map((name) => (call.arrays[name] ? at.address(name) : 0))];
    kernel(...addresses, at.scratch, ...call.extents, ...(count ? [call.count] : []));
    this.expectUntouched(call, at.watched, writable);
    return outputs.map((name) => this.read(outputAt(name), shapeOf(call, name)));
  }

  private place(call: RawCall, { offset, last }: Placement) {
    const { outputs, inputs } = verbs[call.verb];
    const addresses = new Map<Name, number>();
    let end = guard;
    const reserve = (bytes: number, i: number) => {
      const address = Math.ceil(end / 16) * 16 + offset(i);
      end = address + bytes + guard;
      return address;
    };
    [...outputs, ...inputs].forEach((name, i) => {
      const { byteLength } = shapeOf(call, name);
      addresses.set(name, name === last ? this.bytes.length - byteLength : reserve(byteLength, i));
    });
    const scratch = reserve(this.kernels.scratchBytes(call.channels), addresses.size);
    const limit = last ? (addresses.get(last) as number) : this.bytes.length;
    if (end > limit) throw new Error(`case too large for RawMemory: ${end} bytes`);
    // Words that the call is to leave alone, but for its own: those near the arrays, and those near the end of memory.
    const watched = [
      [0, Math.min(end + reach, limit)],
      [Math.max(Math.min(end + reach, limit), limit - reach), this.bytes.length],
    ].map(([from, to]) => [from >> 2, to >> 2]);
    return { scratch, watched, address: (name: Name) => addresses.get(name) as number };
  }

  private expectUntouched(call: RawCall, watched: number[][], writable: [number, number][]): void {
    const name = call.verb + call.loop + call.activation;
    const { before, words } = this;
    for (const [from, to] of watched) {
      for (let i = from; i < to; i++) {
        if (before[i] === words[i]) continue;
        // Addresses are multiples of 4, and so are the ends of every range.
        if (writable.some(([start, end]) => 4 * i >= start && 4 * i < end)) continue;
        throw new Error(`${name}(${call.extents}): byte ${4 * i} was overwritten, allowed ${JSON.stringify(writable)}`);
      }
    }
  }
}

/** An array as long as the one of this name. */
export function shapeOf({ arrays, channels }: RawCall, name: Name): Floats {
  const { x } = arrays;
  if (name === "y" || name === "dx") return x as Floats;
  return arrays[name] ?? (single.has(name) ? new Float32Array(channels) : new Float64Array(channels));
}

/** The call of a verb on a problem: the reference gives the per-channel inputs. */
export function rawCall(p: Problem, verb: string, activation = ""): RawCall {
  const axes = reference.axes(p.shape, p.layout);
  const { batch, channels, spatial, count } = axes;
  const rows = p.layout.endsWith("C");
  const q = { ...p, relu: activation === "Relu" };
  const used = q.frozen ?? reference.statistics(p.x, p.shape, p.layout);
  const sums = reference.gradientSums(p.dy, p.x, p.shape, p.layout, used, q);
  const arrays = {
    x: p.x,
    dy: p.dy,
    y: null,
    dx: null,
    gamma: p.gamma as Floats | null,
    beta: p.beta as Floats | null,
    mean: Float64Array.from(used.mean),
    variance: Float64Array.from(used.variance),
    invstd: reference.invstd(used.variance, p.eps) as Floats,
    dgamma: sums.dgamma as Floats,
    dbeta: sums.dbeta as Floats,
    ...Object.fromEntries((verbs[verb].absent ?? []).map((name) => [name, null])),
  };
  const extents = rows ? [batch * spatial, channels] : [batch, channels, spatial];
  return { verb, loop: rows ? "Rows" : "Planes", activation, extents, channels, count, arrays };
}
