const ALIGNMENT = 64;
const PAGE = 65536;

/** What is needed of a WebAssembly.Memory; `grow` is in pages and detaches the buffer. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface Gap {
  address: number;
  size: number;
}

/**
 * Hands out 64-byte aligned blocks of a memory and takes them back. The lowest gap that fits is reused;
 * neighbouring gaps join, and a gap at the end is given up, so the memory grows with what is in use, not with what was.
 */
export class Allocator {
  readonly memory: KernelMemory;
  /** Bytes held by live blocks, padding included. */
  bytesInUse = 0;
  /** How often the memory was replaced by a larger one: views of an older generation are stale. */
  generation = 0;
  /** First address never handed out; 0 stays free, it means "absent" to the kernels. */
  #end = ALIGNMENT;
  /** In the order of their addresses; none touches another or the end. */
  #gaps: Gap[] = [];
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

  /** Throws a RangeError, and changes nothing, where the engine refuses to grow the memory. */
  allocate(bytes: number): number {
    const size = Allocator.blockSize(bytes);
    const index = this.#gaps.findIndex((gap) => gap.size >= size);
    let address: number;
    if (index < 0) {
      address = this.#end;
      this.#growTo(address + size, bytes);
      this.#end += size;
    } else {
      const gap = this.#gaps[index];
      address = gap.address;
      gap.address += size;
      gap.size -= size;
      if (gap.size === 0) this.#gaps.splice(index, 1);
    }
    this.bytesInUse += size;
    return address;
  }

  /** `bytes` as given to `allocate`. */
  free(address: number, bytes: number): void {
    const size = Allocator.blockSize(bytes);
    this.bytesInUse -= size;
    let next = this.#gaps.findIndex((gap) => gap.address > address);
    if (next < 0) next = this.#gaps.length;
    const before = this.#gaps[next - 1];
    const after = this.#gaps[next];
    const joined = { address, size };
    let first = next;
    let count = 0;
    if (before !== undefined && before.address + before.size === address) {
      joined.address = before.address;
      joined.size += before.size;
      first--;
      count++;
    }
    if (after !== undefined && address + size === after.address) {
      joined.size += after.size;
      count++;
    }
    if (joined.address + joined.size === this.#end) {
      this.#gaps.splice(first, count);
      this.#end = joined.address;
    } else {
      this.#gaps.splice(first, count, joined);
    }
  }

  /** From here on a block is freed when its owner is collected, unless `disown` comes first. */
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
        // Too much for the engine or beyond the memory's maximum.
      }
    }
    throw new RangeError(`out of memory: ${bytes} bytes more than the ${this.bytesInUse} in use were refused`);
  }
}
