import type { KernelMemory } from "../index.js";

const PAGE = 65536;
/** One page less than 4 GiB: every index of a float32, and every end of an array, is then below 2^30. */
const MOST_PAGES = 65535;

/** As a WebAssembly.Memory, over an ArrayBuffer. */
export class FallbackMemory implements KernelMemory {
  /** Replaced by growth, after which it is empty where the engine can do that. */
  buffer: ArrayBuffer;
  readonly #maximum: number;

  /** @throws RangeError where the engine refuses so many pages */
  constructor({ initial, maximum = MOST_PAGES }: { initial: number; maximum?: number }) {
    this.#maximum = Math.min(maximum, MOST_PAGES);
    this.buffer = new ArrayBuffer(this.#bytes(initial));
  }

  /** Returns the pages there were. @throws RangeError, and changes nothing, where the engine refuses so many more */
  grow(pages: number): number {
    const before = this.buffer.byteLength / PAGE;
    this.buffer = resized(this.buffer, this.#bytes(before + pages));
    return before;
  }

  #bytes(pages: number): number {
    if (!(pages <= this.#maximum)) throw new RangeError(`a memory of ${pages} pages is more than ${this.#maximum}`);
    return pages * PAGE;
  }
}

/** A buffer that begins with the old one's bytes and goes on with zeros. The old one is detached where that is possible. */
function resized(old: ArrayBuffer, bytes: number): ArrayBuffer {
  // In engines since 2023.
  const { transfer } = old as { transfer?: (bytes: number) => ArrayBuffer };
  if (transfer !== undefined) return transfer.call(old, bytes);
  const larger = new ArrayBuffer(bytes);
  new Uint8Array(larger).set(new Uint8Array(old));
  // In engines since 2021. The clone takes the old buffer's bytes along and is garbage at once.
  if (typeof structuredClone === "function") structuredClone(old, { transfer: [old] });
  return larger;
}
