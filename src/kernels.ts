import { checkLayout, checkNumbers, checkShape, proxied, unfit } from "./check.js";
import { extentsOf, type Layout } from "./layout.js";
import { Allocator, type KernelMemory } from "./memory.js";
import { MADE_BY_THIS_PACKAGE } from "./realms.js";
import { FloatTensor, type Tensor, together } from "./tensor.js";

type Address = number;
type Affine = [mean: Address, invstd: Address, gamma: Address, beta: Address];
type Planes = [scratch: Address, batch: number, channels: number, spatial: number];
type Rows = [scratch: Address, rows: number, channels: number];
type Normalize<Extents extends unknown[]> = (...args: [y: Address, x: Address, ...Affine, ...Extents]) => void;
type GradientSums<Extents extends unknown[]> = (
  ...args: [dgamma: Address, dbeta: Address, dy: Address, x: Address, ...Affine, ...Extents]
) => void;
type InputGradient<Extents extends unknown[]> = (
  ...args: [dx: Address, dy: Address, x: Address, ...Affine, dgamma: Address, dbeta: Address, ...Extents, count: number]
) => void;

/**
 * The kernels, as the binary exports them: pure functions of the memory they were instantiated with. Addresses are in bytes and need no
 * alignment beyond 4; extents are in elements, at least 1. x, y, dy, dx, gamma and beta are float32, mean, variance,
 * invstd, dgamma, dbeta and the running statistics float64, one a channel. gamma and beta may be 0 (absent), and so may
 * dgamma and dbeta of an input gradient (statistics that are constants). y may be x and dx may be dy; nothing else may
 * overlap. Every array ends below 2^32. Planes: `batch` x `channels` planes of `spatial` values; rows: `rows` rows of `channels` values.
 */
export type KernelExports = {
  /** Bytes of scratch that any kernel needs for this many channels, or for fewer. */
  scratchBytes(channels: number): number;
  /** invstd = 1 / sqrt(variance + eps), 0 where that root is 0. */
  invstd(invstd: Address, variance: Address, channels: number, eps: number): void;
  /** running = (1 - momentum) * running + momentum * batch; the variance times `correction` before. */
  updateRunning(
    runningMean: Address,
    runningVar: Address,
    mean: Address,
    variance: Address,
    channels: number,
    momentum: number,
    correction: number,
  ): void;
  /** Rounds `length` float64 values to float32. */
  toFloat32(target: Address, source: Address, length: number): void;
  /** Mean and population variance. */
  statisticsPlanes(...args: [mean: Address, variance: Address, x: Address, ...Planes]): void;
  statisticsRows(...args: [mean: Address, variance: Address, x: Address, ...Rows]): void;
  /** y = (x - mean) * invstd * gamma + beta. */
  normalizePlanes: Normalize<Planes>;
  normalizePlanesRelu: Normalize<Planes>;
  normalizeRows: Normalize<Rows>;
  normalizeRowsRelu: Normalize<Rows>;
  /** dbeta = sum(dy), dgamma = sum(dy * xhat). */
  gradientSumsPlanes: GradientSums<Planes>;
  gradientSumsPlanesRelu: GradientSums<Planes>;
  gradientSumsRows: GradientSums<Rows>;
  gradientSumsRowsRelu: GradientSums<Rows>;
  /** dx = gamma * invstd * (dy - dbeta / count - xhat * dgamma / count). */
  inputGradientPlanes: InputGradient<Planes>;
  inputGradientPlanesRelu: InputGradient<Planes>;
  inputGradientRows: InputGradient<Rows>;
  inputGradientRowsRelu: InputGradient<Rows>;
};

/** What computes: the WebAssembly binary, or the same kernels in JavaScript. */
export type Backend = "wasm" | "js";

/** One instance of the kernels and the memory that its tensors live in. */
export interface Kernels {
  /**
   * A tensor of zeros, or of a copy of `values` in the layout's order.
   * @throws TypeError, RangeError for a wrong argument, or where the engine refuses the memory
   */
  tensor(shape: readonly number[], layout: Layout, values?: ArrayLike<number>): Tensor;
  /** With backend "js" and where the host gives none, an object that has the `buffer` and the `grow` of one. */
  readonly memory: WebAssembly.Memory;
  /** Bytes held by tensors, layers and statistics that were not disposed. */
  readonly bytesInUse: number;
  /** Whether `load({ relaxed: true })` found an engine with relaxed SIMD. */
  readonly relaxed: boolean;
  /** "js" where `load({ fallback: "js" })` found no WebAssembly SIMD or no memory for it, and from `batchnorm-wasm/fallback`. */
  readonly backend: Backend;
}

/** The one implementation of Kernels. */
export class KernelInstance implements Kernels {
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

  get memory(): WebAssembly.Memory {
    return this.allocator.memory as WebAssembly.Memory;
  }

  get bytesInUse(): number {
    return this.allocator.bytesInUse - (this.unwrapped().#scratch ? Allocator.blockSize(this.#scratchBytes) : 0);
  }

  /** These kernels; throws where `this` is a Proxy of them. */
  unwrapped(): this {
    if (!(#scratch in this)) throw proxied("object that load returned");
    return this;
  }

  tensor(shape: readonly number[], layout: Layout, values?: ArrayLike<number>): Tensor {
    this.unwrapped();
    const checkedLayout = checkLayout(layout);
    const checkedShape = checkShape(shape, checkedLayout);
    const { length, channels } = extentsOf(checkedShape, checkedLayout);
    if (length > MOST_VALUES || channels > MOST_CHANNELS) {
      const most = `at most ${MOST_VALUES} values and ${MOST_CHANNELS} channels`;
      throw unfit("shape", most, `[${checkedShape.join(", ")}]`);
    }
    const numbers = values === undefined ? undefined : checkNumbers("values", values);
    if (numbers !== undefined && numbers.length !== length) {
      const described = `shape [${checkedShape.join(", ")}], ${checkedLayout}`;
      throw new RangeError(`"values" expected ${length} values (${described}), got ${numbers.length}`);
    }
    // The allocation may detach a view of this memory.
    const ours = ArrayBuffer.isView(numbers) && numbers.buffer === this.memory.buffer;
    const source = ours ? Float32Array.from(numbers) : numbers;
    return together((own) => {
      const tensor = own(new FloatTensor(this, checkedShape, checkedLayout));
      if (source === undefined) tensor.data.fill(0);
      else tensor.data.set(source);
      return tensor;
    });
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

/** 4 GiB of float32: what 32-bit addresses reach; the memory itself ends a page before. */
const MOST_VALUES = 2 ** 30;
/** Their scratch, 228 bytes per channel, is within 32-bit addresses. */
const MOST_CHANNELS = 2 ** 24;
/** Their scratch is 230 KB. */
const USUAL_CHANNELS = 256;
