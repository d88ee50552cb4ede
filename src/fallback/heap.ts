import type { KernelMemory } from "../memory.js";

/** One float64 and its two 32-bit words, for copies word by word. */
const one = new Float64Array(1);
const two = new Uint32Array(one.buffer);

/** Views of a whole memory, made again when it has grown. Addresses are in bytes, multiples of 4. */
export class Heap {
  readonly #memory: KernelMemory;
  #buffer: ArrayBufferLike | null = null;
  floats: Float32Array = new Float32Array(0);
  doubles: Float64Array = new Float64Array(0);
  #words: Uint32Array = new Uint32Array(0);

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  /** Called before every kernel, because nothing grows while one runs. */
  refresh(): this {
    const { buffer } = this.#memory;
    if (buffer === this.#buffer) return this;
    this.#buffer = buffer;
    this.floats = new Float32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.#words = new Uint32Array(buffer);
    return this;
  }

  /** Copies `words` words, bit by bit; source and target may overlap. */
  copy(to: number, from: number, words: number): void {
    this.#words.copyWithin(to >>> 2, from >>> 2, (from >>> 2) + words);
  }

  /**
   * Returns the index of `count` values in the float64 view. If their address is not a multiple of 8, it copies them to
   * `copy` and returns the index of the copy. Tensors of this package always have multiples of 8.
   */
  read(address: number, copy: number, count: number): number {
    if ((address & 7) === 0) return address >>> 3;
    this.#move(2 * copy, address >>> 2, count);
    return copy;
  }

  /** Returns the index at which to store values. `written` then copies them to their address, if that differs. */
  target(address: number, copy: number): number {
    return (address & 7) === 0 ? address >>> 3 : copy;
  }

  written(address: number, target: number, count: number): void {
    if ((address & 7) !== 0) this.#move(address >>> 2, 2 * target, count);
  }

  #move(to: number, from: number, doubles: number): void {
    for (let i = 0; i < 2 * doubles; i++) this.#words[to + i] = this.#words[from + i];
  }

  /** One float64, for kernels that have no scratch for a copy. */
  double(address: number): number {
    if ((address & 7) === 0) return this.doubles[address >>> 3];
    two[0] = this.#words[address >>> 2];
    two[1] = this.#words[(address >>> 2) + 1];
    return one[0];
  }

  setDouble(address: number, value: number): void {
    if ((address & 7) === 0) {
      this.doubles[address >>> 3] = value;
      return;
    }
    one[0] = value;
    this.#words[address >>> 2] = two[0];
    this.#words[(address >>> 2) + 1] = two[1];
  }
}
