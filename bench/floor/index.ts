import { instantiateSync } from "@assemblyscript/loader";

export interface Floor {
  /** Sum of `bytes` bytes of float32 at address x. */
  read(x: number, bytes: number): number;
  /** `bytes` bytes from address x to address y. */
  copy(y: number, x: number, bytes: number): void;
  /** y = max(y + residual, 0). */
  addRelu(y: number, residual: number, bytes: number): void;
  /** dz = dy where y is positive, else 0. */
  mask(dz: number, dy: number, y: number, bytes: number): void;
}

/** The binary of floor/assembly in the given memory. */
export function instantiateFloor(memory: WebAssembly.Memory, binary: BufferSource): Floor {
  return instantiateSync<Floor & Record<string, unknown>>(binary, { env: { memory } }).exports;
}
