import { proxied } from "./errors.js";
import type { KernelExports } from "./exports.js";
import { type Extents, extentsOf } from "./layout.js";
import { Allocator, type KernelMemory } from "./memory.js";
import { MADE_BY_THIS_PACKAGE } from "./realms.js";

/** The implementation of the kernels: the WebAssembly binary, or JavaScript. */
export type Backend = "wasm" | "js";

/**
 * The scratch for these extents is 200 KB. It is enough for up to 512 channels in rows or in planes of 16 values and
 * more.
 */
const USUAL = extentsOf([6272, 512], "NC");

/** The kernels over one memory, its allocator, and one scratch for all layers. */
export class Runtime {
  readonly exports: KernelExports;
  readonly allocator: Allocator;
  readonly backend: Backend;
  readonly relaxed: boolean;
  /** The address of scratch for all kernels over extents that were reserved. */
  scratch = 0;
  #scratchBytes = 0;

  constructor(exports: KernelExports, memory: KernelMemory, backend: Backend, relaxed = false) {
    // A copy: the exports of an instance are a dictionary to V8, and each lookup in it takes about 10 ns.
    this.exports = { ...exports };
    this.allocator = new Allocator(memory);
    this.backend = backend;
    this.relaxed = relaxed;
    // The first scratch lies at the start of the memory, where it does not split the free blocks of tensors.
    this.#enlarge(USUAL);
  }

  get [MADE_BY_THIS_PACKAGE](): true {
    return true;
  }

  get memory(): KernelMemory {
    return this.allocator.memory;
  }

  get bytesInUse(): number {
    return this.allocator.bytesInUse - Allocator.blockSize(this.unwrapped().#scratchBytes);
  }

  /** Returns these kernels; throws if `this` is a Proxy of them. */
  unwrapped(): this {
    if (!(#scratchBytes in this)) throw proxied("object that load returned");
    return this;
  }

  /**
   * Makes the scratch large enough for any kernel over the extents of a tensor of these kernels. Returns its address.
   */
  reserve(extents: Extents): number {
    if (!extents.hasScratch) {
      this.#enlarge(extents);
      extents.hasScratch = true;
    }
    return this.scratch;
  }

  #enlarge({ batch, channels, spatial }: Extents): void {
    const bytes = this.exports.scratchBytes(batch, channels, spatial) >>> 0;
    if (bytes <= this.#scratchBytes) return;
    const larger = this.allocator.allocate(bytes);
    if (this.scratch) this.allocator.free(this.scratch, this.#scratchBytes);
    this.scratch = larger;
    this.#scratchBytes = bytes;
  }
}
