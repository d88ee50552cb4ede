const ALIGNMENT = 64;
export const PAGE = 65536;

/** Hands out 64-byte aligned addresses, one after the other, in a memory that never grows. */
export class Arena {
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

/**
 * A memory of at least this many bytes, reserved at once, because a memory that grows slows JavaScript down
 * (fairness.ts).
 */
export function reserve(bytes: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / PAGE)) });
}
