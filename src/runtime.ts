import { proxied } from "./errors.js";
import type { KernelExports } from "./exports.js";
import { Allocator, type KernelMemory } from "./memory.js";
import { MADE_BY_THIS_PACKAGE } from "./realms.js";

/** What computes: the WebAssembly binary, or the same kernels in JavaScript. */
export type Backend = "wasm" | "js";

/** Their scratch is 230 KB. */
const USUAL_CHANNELS = 256;

/** The kernels over one memory, its allocator, and one scratch for all layers. */
export class Runtime {
  readonly exports: KernelExports;
  readonly allocator: Allocator;
  readonly backend: Backend;
  readonly relaxed: boolean;
  #scratch = 0;
  #scratchBytes = 0;
  /** The most channels that the scratch is known to be enough for. */
  #scratchChannels = 0;

  constructor(exports: KernelExports, memory: KernelMemory, backend: Backend, relaxed = false) {
    // A copy: the exports of an instance are a dictionary to V8, and each lookup in that takes some 10 ns.
    this.exports = { ...exports };
    this.allocator = new Allocator(memory);
    this.backend = backend;
    this.relaxed = relaxed;
    // At the bottom of the memory, where it does not split what tensors give back; enough for most networks.
    this.scratch(USUAL_CHANNELS);
  }

  get [MADE_BY_THIS_PACKAGE](): true {
    return true;
  }

  get memory(): KernelMemory {
    return this.allocator.memory;
  }

  get bytesInUse(): number {
    return this.allocator.bytesInUse - (this.unwrapped().#scratch ? Allocator.blockSize(this.#scratchBytes) : 0);
  }

  /** These kernels; throws where `this` is a Proxy of them. */
  unwrapped(): this {
    if (!(#scratch in this)) throw proxied("object that load returned");
    return this;
  }

  /** The address of scratch that is enough for any kernel over this many channels. One for all layers. */
  scratch(channels: number): number {
    if (channels <= this.#scratchChannels) return this.#scratch;
    const bytes = this.exports.scratchBytes(channels) >>> 0;
    if (bytes > this.#scratchBytes) {
      const larger = this.allocator.allocate(bytes);
      if (this.#scratch) this.allocator.free(this.#scratch, this.#scratchBytes);
      this.#scratch = larger;
      this.#scratchBytes = bytes;
    }
    this.#scratchChannels = channels;
    return this.#scratch;
  }
}
