import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";
import type { KernelExports } from "../exports.js";
import type { Implementation } from "../load.js";
import type { KernelMemory } from "../memory.js";
import type { Address, Host, Output } from "./host.js";

/** The same as in the kernels' own memory: no two blocks share a cache line. */
const ALIGNMENT = 64;
const PAGE = 65536;

/** The wasm backend can return a view of a tensor in its memory. It copies the values that it is given to write. */
interface HeapBackend {
  typedArrayFromHeap(tensor: TensorInfo): unknown;
  dataIdMap: { get(dataId: object): unknown };
}

/**
 * The kernels in their own memory: every input is copied in and every output out, once. It only uses what all backends
 * have. The memory stays as large as the largest computation made it, as long as the host is held.
 */
export class CopyingHost implements Host {
  readonly #backend: KernelBackend & Partial<HeapBackend>;
  /** Tells whether the backend has its own memory. Other backends return and keep the arrays themselves. */
  readonly hasHeap: boolean;
  readonly kernels: KernelExports;
  readonly #memory: KernelMemory;
  #end = 0;

  constructor(backend: KernelBackend, { exports, memory }: Implementation) {
    this.#backend = backend;
    const { typedArrayFromHeap, dataIdMap } = this.#backend;
    this.hasHeap = typeof typedArrayFromHeap === "function" && typeof dataIdMap?.get === "function";
    this.kernels = exports;
    this.#memory = memory;
  }

  begin(bytes: number): Address {
    this.#end = ALIGNMENT; // 0 means "absent" to the kernels
    return this.#reserve(bytes);
  }

  input(tensor: TensorInfo): Address {
    // For 6.4 MB of shared memory readSync took 7 ms, because it copies to a new array first. The view took 0.6 ms.
    const values = this.#read(tensor);
    // This uses the number of values, because the cpu backend's cast of bool to float32 keeps an array of bytes.
    const address = this.#reserve(4 * values.length);
    this.floats(address, values.length).set(values);
    return address;
  }

  output(shape: readonly number[]): Output {
    const length = shape.reduce((product, extent) => product * extent, 1);
    const address = this.#reserve(4 * length);
    const take = (): TensorInfo => {
      const extents = [...shape];
      const view = this.floats(address, length);
      const dataId = this.#backend.write(this.hasHeap ? view : view.slice(), extents, "float32");
      return { dataId, shape: extents, dtype: "float32" };
    };
    return { address, take };
  }

  floats(address: Address, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  doubles(address: Address, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, length);
  }

  /** Does nothing: the memory is freed when the host is garbage-collected. */
  release(): void {}

  #read(tensor: TensorInfo): ArrayLike<number> {
    if (!this.hasHeap) return this.#backend.readSync(tensor.dataId) as Float32Array | Uint8Array;
    const { dataIdMap, typedArrayFromHeap } = this.#backend as unknown as HeapBackend;
    dataIdMap.get(tensor.dataId); // moves the tensor from another backend, which may grow the memory and detach views
    return typedArrayFromHeap.call(this.#backend, tensor) as Float32Array;
  }

  #reserve(bytes: number): Address {
    const address = this.#end;
    const end = address + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.#memory.grow(Math.ceil(missing / PAGE));
      } catch {
        throw new RangeError(`out of memory: ${bytes} bytes more than the ${address} in use were refused`);
      }
    }
    this.#end = end;
    return address;
  }
}
