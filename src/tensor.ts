/// <reference lib="esnext.disposable" preserve="true" />
import { proxied } from "./errors.js";
import { type Extents, extentsOf, type Layout } from "./layout.js";
import { MADE_BY_THIS_PACKAGE } from "./realms.js";
import type { Runtime } from "./runtime.js";

/** Float32 values in the kernels' memory. */
export interface Tensor {
  /** One extent for each letter of the layout. */
  readonly shape: readonly number[];
  readonly layout: Layout;
  /**
   * The values in the layout's order: a view, not a copy. Allocation may move the memory, which empties older views.
   * Read this property again after any allocation, and do not keep the array.
   * @throws Error if the tensor was disposed of
   */
  readonly data: Float32Array;
  /**
   * Frees the memory; a second call does nothing. A tensor that you did not dispose of is freed when it is
   * garbage-collected, which may be late. `data` keeps the tensor alive; a subarray of it does not.
   */
  dispose(): void;
  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void;
}

/** In engines without Symbol.dispose, compiled `using` looks for the symbol that is registered under its name. */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);

/** The block of a view: while the view is in use, its block is not garbage-collected. */
const owners = new WeakMap<object, object>();

/**
 * A block of the kernels' memory, with a view of it that is made again whenever the memory has grown. Its memory is
 * freed by `dispose`, or some time after the block and the view are unreachable.
 */
abstract class Block<View extends Float32Array | Float64Array> {
  readonly kernels: Runtime;
  readonly length: number;
  readonly #bytes: number;
  /**
   * The address in bytes; 0 after `dispose`. It is not a getter, because V8 inlines few getters, and a step reads a
   * dozen addresses.
   */
  address: number;
  #view: View | null = null;
  #generation = 0;

  constructor(kernels: Runtime, length: number, bytesPerValue: number) {
    this.kernels = kernels;
    this.length = length;
    this.#bytes = length * bytesPerValue;
    this.address = kernels.allocator.allocate(this.#bytes);
    kernels.allocator.own(this, this.address, this.#bytes);
  }

  protected abstract view(buffer: ArrayBufferLike, address: number, length: number): View;

  get disposed(): boolean {
    if (!(#bytes in this)) throw proxied("tensor");
    return this.address === 0;
  }

  get data(): View {
    if (!(#view in this)) throw proxied("tensor");
    const view = this.#view;
    // A view that growth has detached is empty, but not every engine can detach the memory of the fallback. A
    // comparison of buffers would take longer: `buffer` of a WebAssembly.Memory takes about 50 ns.
    const isFresh = view?.length === this.length && this.#generation === this.kernels.allocator.generation;
    return isFresh ? (view as View) : this.#renewed();
  }

  #renewed(): View {
    if (this.disposed) throw new Error("tensor was disposed");
    const { memory, generation } = this.kernels.allocator;
    const view = this.view(memory.buffer, this.address, this.length);
    // An empty view does not tell whether it was detached.
    this.#view = this.length === 0 ? null : view;
    this.#generation = generation;
    owners.set(view, this);
    return view;
  }

  dispose(): void {
    if (this.disposed) return;
    this.kernels.allocator.disown(this);
    this.kernels.allocator.free(this.address, this.#bytes);
    this.address = 0;
    this.#view = null;
  }

  [dispose](): void {
    this.dispose();
  }
}

/** A reference to a tensor that does not keep the tensor alive. It is empty after the tensor is disposed of. */
export interface Handle {
  tensor: FloatTensor | null;
}

/** Tells the tensors of a layer whether the layer was disposed of, and why it cannot compute any more. */
export interface Life {
  ended: string | null;
}

/** The one implementation of Tensor. Its values are not initialized. */
export class FloatTensor extends Block<Float32Array> implements Tensor {
  readonly handle: Handle = { tensor: this };
  readonly shape: readonly number[];
  readonly layout: Layout;
  /** The same object for tensors that were found to have the same shape and layout. */
  extents: Extents;
  readonly #life: Life | null;

  /**
   * `life` belongs to the layer that owns the tensor. `extents` are those of another tensor with this shape and layout.
   */
  constructor(
    kernels: Runtime,
    shape: readonly number[],
    layout: Layout,
    life: Life | null = null,
    extents: Extents = extentsOf(shape, layout),
  ) {
    super(kernels, extents.length, 4);
    this.#life = life;
    this.shape = shape;
    this.layout = layout;
    this.extents = extents;
  }

  /** A tensor of the same kernels, shape and layout. */
  static like({ kernels, shape, layout, extents }: FloatTensor): FloatTensor {
    return new FloatTensor(kernels, shape, layout, null, extents);
  }

  get [MADE_BY_THIS_PACKAGE](): true {
    return true;
  }

  protected override view(buffer: ArrayBufferLike, address: number, length: number): Float32Array {
    return new Float32Array(buffer, address, length);
  }

  /** Adds float64 values of the same length; each sum is rounded once. */
  add(values: Doubles): void {
    const { data, length } = this;
    for (let i = 0, added = values.data; i < length; i++) data[i] += added[i];
  }

  override dispose(): void {
    super.dispose();
    this.handle.tensor = null;
    if (this.#life !== null) this.#life.ended ??= "tensor was disposed";
  }
}

const SHORT = 64;

/** Float64 values, one per channel. Not initialized. */
export class Doubles extends Block<Float64Array> {
  constructor(kernels: Runtime, length: number) {
    super(kernels, length, 8);
  }

  protected override view(buffer: ArrayBufferLike, address: number, length: number): Float64Array {
    return new Float64Array(buffer, address, length);
  }

  /** Takes the values of another of the same length. */
  copy(from: Doubles): void {
    const { data, length } = this;
    // A call of `set` takes about 40 ns.
    if (length > SHORT) data.set(from.data);
    else for (let i = 0, values = from.data; i < length; i++) data[i] = values[i];
  }
}

/** Builds something of several blocks. If one of them is refused, the blocks before it are freed. */
export function together<T>(build: (own: <B extends { dispose(): void }>(block: B) => B) => T): T {
  const owned: { dispose(): void }[] = [];
  try {
    return build((block) => {
      owned.push(block);
      return block;
    });
  } catch (error) {
    for (const block of owned) block.dispose();
    throw error;
  }
}

/** Allocates `howMany` float64 vectors of length C in the memory of x. */
export function doubles(x: FloatTensor, howMany: number): Doubles[] {
  return together((own) => Array.from({ length: howMany }, () => own(new Doubles(x.kernels, x.extents.channels))));
}
