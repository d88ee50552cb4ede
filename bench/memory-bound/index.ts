import { instantiateSync } from "@assemblyscript/loader";

export interface MemoryBound {
  /** Returns the sum of `bytes` bytes of float32 at address x. */
  read(x: number, bytes: number): number;
  /** Copies `bytes` bytes from address x to address y. */
  copy(y: number, x: number, bytes: number): void;
  /** y = max(y + residual, 0). */
  addRelu(y: number, residual: number, bytes: number): void;
  /** dz = dy where y is positive, else 0. */
  mask(dz: number, dy: number, y: number, bytes: number): void;
}

/** Instantiates the binary of memory-bound/assembly in the given memory. */
export function instantiateMemoryBound(memory: WebAssembly.Memory, binary: BufferSource): MemoryBound {
  return instantiateSync<MemoryBound & Record<string, unknown>>(binary, { env: { memory } }).exports;
}
