import type { KernelExports } from "../../src/index.js";
import type { Random } from "../helpers/random.js";
import type { FuzzBackend } from "./backends.js";
import { Disagreement } from "./judge.js";

/** An argument of a kernel: an array in the memory, or absent (null). */
export interface Argument {
  readonly name: string;
  readonly values: Float32Array | Float64Array | null;
  readonly output: boolean;
  /** The argument that this output lies on. */
  readonly over?: string;
}

const PAGE = 65536;
/** Bytes of canary before, between and behind the arrays, at least. */
const GUARD = 64;

/**
 * A memory with the arguments of one kernel and exactly `scratchBytes` bytes of scratch. The arrays begin at any multiple of
 * 4, with canaries around each; one of them ends where the memory ends. All else is full of a pattern, which is NaN to a
 * kernel that reads it, or a number.
 */
export class Arena {
  readonly exports: KernelExports;
  /** Of the arguments, then of the scratch. */
  readonly addresses: number[] = [];
  readonly #bytes: Uint8Array;
  readonly #before: Uint8Array;
  readonly #arguments: readonly Argument[];
  /** Bytes that the kernel may write. */
  readonly #writable: { name: string; start: number; end: number }[] = [];

  constructor(backend: FuzzBackend, given: readonly Argument[], channels: number, last: number, r: Random) {
    this.#arguments = given;
    const scratchBytes = backend.exportsIn(backend.memory(1)).scratchBytes(channels);
    const sizes = [...given.map(({ values, over }) => (over ? 0 : (values?.byteLength ?? 0))), scratchBytes];
    const offsets = sizes.map(() => 4 * r.integer(16));
    const needed = sizes.reduce((total, size) => total + size + 3 * GUARD, GUARD);
    const pages = Math.ceil(needed / PAGE);
    const memory = backend.memory(pages);
    this.exports = backend.exportsIn(memory);
    this.#bytes = new Uint8Array(memory.buffer);
    // As float32: NaN, 0, a subnormal number, 3.4e17.
    this.#bytes.fill([0xff, 0, 1, 0x5c][r.integer(4)]);
    const placed = [...sizes.keys()].filter((i) => sizes[i] > 0);
    this.#place(sizes, offsets, placed[last % placed.length]);
    this.#before = this.#bytes.slice();
  }

  #place(sizes: readonly number[], offsets: readonly number[], last: number): void {
    let end = GUARD;
    sizes.forEach((size, i) => {
      const { values, over, output, name } = this.#arguments[i] ?? { name: "scratch", output: true };
      let address = i === last ? this.#bytes.length - size : Math.ceil(end / GUARD) * GUARD + offsets[i];
      if (i < this.#arguments.length && values === null) address = 0;
      else if (over === undefined && i !== last) end = address + size + GUARD;
      this.addresses.push(address);
      if (values) this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), address);
      if (output && over === undefined) this.#writable.push({ name, start: address, end: address + size });
    });
    this.#arguments.forEach(({ over, values }, i) => {
      if (over === undefined || !values) return;
      const start = this.addresses[this.#arguments.findIndex(({ name }) => name === over)];
      this.addresses[i] = start;
      this.#writable.push({ name: over, start, end: start + values.byteLength });
    });
  }

  /** Throws if a byte has changed that belongs to no output and not to the scratch. */
  verifyUntouched(): void {
    const ranges = [...this.#writable].sort((a, b) => a.start - b.start);
    let from = 0;
    for (const { start, end } of [...ranges, { start: this.#bytes.length, end: 0 }]) {
      if (Buffer.compare(this.#bytes.subarray(from, start), this.#before.subarray(from, start)) !== 0) {
        this.#report(from, start);
      }
      from = end;
    }
  }

  #report(from: number, to: number): never {
    let at = from;
    while (at < to && this.#bytes[at] === this.#before[at]) at++;
    const near = this.#writable.map(({ name, start, end }) => `${name} ${start} to ${end}`).join(", ");
    throw new Disagreement(
      `byte ${at}: expected ${this.#before[at]}, got ${this.#bytes[at]}; the kernel may write ${near}`,
    );
  }

  /** The values that the kernel gave. */
  outputs(): Record<string, Float32Array | Float64Array> {
    const results: Record<string, Float32Array | Float64Array> = {};
    this.#arguments.forEach(({ name, values, output }, i) => {
      if (!output || !values) return;
      const copy = this.#bytes.slice(this.addresses[i], this.addresses[i] + values.byteLength).buffer;
      results[name] = values instanceof Float32Array ? new Float32Array(copy) : new Float64Array(copy);
    });
    return results;
  }
}
