import type { KernelExports, KernelMemory } from "../../src/index.js";
import { exported, type KernelName, kernelOf, kindOf, type Name } from "./contract.js";

/** Arrays of kernels at chosen addresses of a memory, and calls that find their arguments by name. */

export type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
/** Planes of `spatial` values; rows are planes of one value. */
export type Extents = readonly [batch: number, channels: number, spatial: number];
/** null is absent. */
export type Arrays = Readonly<Partial<Record<Name, Floats | null>>>;
/** Arguments that are no arrays, by name; an array's name gives it another address. */
export type Numbers = Readonly<Record<string, number>>;
/** Calls a kernel with what lies in the memory. */
export type Call = (kernel: KernelName, numbers?: Numbers) => number;

/** Where the arrays of a call lie. */
export interface Placement {
  /** Bytes past a multiple of 16 for the array number i. */
  offset?(i: number): number;
  /** This array, or the last piece of scratch, ends at `end`. */
  last?: Name | "scratch";
  /** Where the memory ends, in bytes. */
  end?: number;
  /** An output that lies on an input. */
  over?: readonly [output: Name, input: Name];
  /** So many pieces of scratch. */
  scratches?: number;
}

/** Bytes before, between and after the arrays. */
const guard = 64;
/** An `end` beyond all parts means all that are left. */
export const ALL = 2 ** 31 - 1;

export class Placed {
  readonly addresses = new Map<Name, number>();
  readonly scratches: number[];
  /** Behind the last byte, except for what is last in the memory. */
  readonly used: number;
  /** Where that begins, or the memory ends. */
  readonly limit: number;
  readonly #bytes: Uint8Array;

  /** Reserves the arrays of these names, but for those that are absent in `values`. */
  constructor(
    readonly kernels: KernelExports,
    memory: KernelMemory,
    readonly extents: Extents,
    names: readonly Name[],
    values: Arrays,
    { offset = () => 0, last, end = memory.buffer.byteLength, over, scratches = 1 }: Placement = {},
  ) {
    this.#bytes = new Uint8Array(memory.buffer);
    let next = guard;
    let i = 0;
    let limit = end;
    const reserve = (bytes: number, isLast: boolean) => {
      const address = isLast ? end - bytes : Math.ceil(next / 16) * 16 + offset(i++);
      if (isLast) limit = address;
      else next = address + bytes + guard;
      return address;
    };
    for (const name of names) {
      if (values[name] === null || name === over?.[0]) continue;
      this.addresses.set(name, reserve(this.byteLength(name), name === last));
    }
    const size = kernels.scratchBytes(...extents);
    const isLast = (worker: number) => last === "scratch" && worker === scratches - 1;
    this.scratches = Array.from({ length: scratches }, (_, worker) => reserve(size, isLast(worker)));
    if (over) this.addresses.set(over[0], this.address(over[1]));
    this.used = next;
    this.limit = limit;
    if (next > limit) throw new Error(`the memory is too small: ${next} bytes`);
  }

  /** 0 where it is absent. */
  address(name: Name): number {
    return this.addresses.get(name) ?? 0;
  }

  byteLength(name: Name): number {
    const [batch, channels, spatial] = this.extents;
    const kind = kindOf(name);
    if (kind === "sums") return this.kernels.partialBytes(batch, channels, spatial);
    return kind === "tensor" ? 4 * batch * channels * spatial : (kind === "channelFloats" ? 4 : 8) * channels;
  }

  write(name: Name, values: Floats): void {
    this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), this.address(name));
  }

  /** Fills arrays with NaN. */
  blank(...names: readonly Name[]): void {
    for (const name of names) this.#bytes.fill(0xff, this.address(name), this.address(name) + this.byteLength(name));
  }

  read(name: Name): Floats {
    const address = this.address(name);
    const { buffer } = this.#bytes.slice(address, address + this.byteLength(name));
    return ["channelDoubles", "sums"].includes(kindOf(name)) ? new Float64Array(buffer) : new Float32Array(buffer);
  }

  /** Calls a kernel; the range is all parts where none is given. A call that watches may take its place. */
  call: Call = (kernel, numbers = {}) => {
    const [batch, channels, spatial] = this.extents;
    const [scratch] = this.scratches;
    const given: Numbers = { scratch, batch, channels, spatial, begin: 0, end: ALL, length: channels, ...numbers };
    const args = exported[kernel].map((name) => {
      if (given[name] === undefined && kindOf(name as Name) === undefined) throw new Error(`${kernel} needs ${name}`);
      return given[name] ?? this.address(name as Name);
    });
    return (this.kernels[kernel] as (...numbers: number[]) => number)(...args);
  };

  /** From and to of what a call may write. */
  writable(kernel: KernelName, numbers: Numbers = {}): [from: number, to: number][] {
    const { outputs } = kernelOf(kernel);
    const arrays = outputs
      .map((name): [number, number] => [numbers[name] ?? this.address(name), this.byteLength(name)])
      .filter(([address]) => address !== 0);
    const scratch = numbers.scratch ?? this.scratches[0];
    const own = exported[kernel].includes("scratch") ? [[scratch, this.kernels.scratchBytes(...this.extents)]] : [];
    return [...arrays, ...own].map(([address, bytes]) => [address, address + bytes]);
  }
}
