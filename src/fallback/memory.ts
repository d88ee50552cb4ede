import type { KernelMemory } from "../memory.js";

const PAGE = 65536;
/** One page less than 4 GiB: every index of a float32, and every end of an array, is then below 2^30. */
const MOST_PAGES = 65535;

const TRANSFERRED =
  "the memory of these kernels was transferred with the buffer of a view, and every tensor went with it: " +
  "load new kernels, and transfer copies of views, such as tensor.data.slice()";

/**
 * A memory for the kernels in JavaScript. It is a WebAssembly.Memory if the engine has it and the host grants one. Its
 * buffer cannot be transferred, so posting a view to a worker loses no tensor.
 * @throws RangeError if the engine refuses that many pages
 */
export function memoryOf(initial: number): KernelMemory {
  try {
    return new WebAssembly.Memory({ initial, maximum: MOST_PAGES });
  } catch {
    return new FallbackMemory({ initial });
  }
}

/** The same as a WebAssembly.Memory, over an ArrayBuffer. */
export class FallbackMemory implements KernelMemory {
  #buffer: ArrayBuffer;
  /** The length in bytes. If the buffer has another length, other code has detached it. */
  #length: number;
  readonly #maximum: number;

  /** @throws RangeError if the engine refuses that many pages */
  constructor({ initial, maximum = MOST_PAGES }: { initial: number; maximum?: number }) {
    this.#maximum = Math.min(maximum, MOST_PAGES);
    this.#length = this.#bytes(initial);
    this.#buffer = new ArrayBuffer(this.#length);
  }

  /** Replaced by growth, after which the old one is empty where the engine can do that. */
  get buffer(): ArrayBuffer {
    if (this.#buffer.byteLength !== this.#length) throw new Error(TRANSFERRED);
    return this.#buffer;
  }

  /** Returns the earlier number of pages. Throws a RangeError, and changes nothing, if the engine refuses to grow. */
  grow(pages: number): number {
    const before = this.#length / PAGE;
    const bytes = this.#bytes(before + pages);
    this.#buffer = resized(this.buffer, bytes);
    this.#length = bytes;
    return before;
  }

  #bytes(pages: number): number {
    if (!(pages <= this.#maximum)) throw new RangeError(`a memory of ${pages} pages is more than ${this.#maximum}`);
    return pages * PAGE;
  }
}

/**
 * A buffer that begins with the old one's bytes and goes on with zeros. The old one is detached where that is possible.
 */
function resized(old: ArrayBuffer, bytes: number): ArrayBuffer {
  // Engines have this since 2023.
  const { transfer } = old as { transfer?: (bytes: number) => ArrayBuffer };
  if (transfer !== undefined) return transfer.call(old, bytes);
  const larger = new ArrayBuffer(bytes);
  new Uint8Array(larger).set(new Uint8Array(old));
  // Engines have this since 2021. The clone takes the bytes of the old buffer, and is garbage at once.
  if (typeof structuredClone === "function") structuredClone(old, { transfer: [old] });
  return larger;
}
