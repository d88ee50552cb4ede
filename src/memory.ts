import { Gaps } from "./gaps.js";

const ALIGNMENT = 64;
const PAGE = 65536;

/** The used part of a WebAssembly.Memory. `grow` counts in pages and detaches the buffer, unless it is shared. */
export interface KernelMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

/**
 * Hands out 64-byte aligned blocks of a memory and takes them back. The lowest gap that fits is reused; neighbouring
 * gaps join, and a gap at the end is given up, so the memory grows with the bytes in use, not with earlier ones.
 */
export class Allocator {
  readonly memory: KernelMemory;
  /** Bytes held by live blocks, padding included. */
  bytesInUse = 0;
  /** The number of times that the memory has grown. Views of an older generation are stale. */
  generation = 0;
  /** First address never handed out; 0 stays free, it means "absent" to the kernels. */
  #end = ALIGNMENT;
  /** No gap touches another gap or the end. */
  readonly #gaps = new Gaps();
  /** Takes back the blocks of owners that were collected as garbage. Engines without it leave that to `free`. */
  readonly #forgotten =
    typeof FinalizationRegistry === "function"
      ? new FinalizationRegistry<{ address: number; bytes: number }>(({ address, bytes }) => this.free(address, bytes))
      : null;

  constructor(memory: KernelMemory) {
    this.memory = memory;
  }

  /** The size of the block that `bytes` bytes take. */
  static blockSize(bytes: number): number {
    return Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  }

  /** @throws RangeError if the engine refuses to grow the memory; nothing has changed then */
  allocate(bytes: number): number {
    const size = Allocator.blockSize(bytes);
    let address = this.#gaps.take(size);
    if (address === 0) {
      address = this.#end;
      this.#growTo(address + size, bytes);
      this.#end += size;
    }
    this.bytesInUse += size;
    return address;
  }

  /** Frees a block. `bytes` must be the number that was passed to `allocate`. */
  free(address: number, bytes: number): void {
    const size = Allocator.blockSize(bytes);
    this.bytesInUse -= size;
    if (address + size === this.#end) this.#end = this.#gaps.removeAtEnd(address);
    else this.#gaps.add(address, size);
  }

  /** Frees the block when its owner is garbage-collected, unless `disown` comes first. */
  own(owner: object, address: number, bytes: number): void {
    this.#forgotten?.register(owner, { address, bytes }, owner);
  }

  disown(owner: object): void {
    this.#forgotten?.unregister(owner);
  }

  /** The only caller of `grow`: every view of the memory is detached afterwards. */
  #growTo(end: number, bytes: number): void {
    const held = this.memory.buffer.byteLength;
    if (end <= held) return;
    const needed = Math.ceil((end - held) / PAGE);
    // An eighth more than needed, so that many small tensors do not grow the memory one by one.
    for (const pages of [Math.max(needed, Math.ceil(held / PAGE / 8)), needed]) {
      try {
        this.memory.grow(pages);
        this.generation++;
        return;
      } catch {
        // The engine refuses, or this is beyond the memory's maximum.
      }
    }
    throw new RangeError(`out of memory: ${bytes} bytes more than the ${this.bytesInUse} in use were refused`);
  }
}
