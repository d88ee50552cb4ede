import type { TensorInfo } from "@tensorflow/tfjs-core";
import { instantiateKernels, type KernelExports } from "../index.js";
import type { Address, Host, Output } from "./host.js";

/** What the wasm backend has inside, as far as it is used here: fields that TensorFlow.js does not document. */
interface WasmBackend {
  wasm: {
    asm: object;
    HEAPU8: Uint8Array;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  dataIdMap: { get(dataId: object): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  disposeData(dataId: object): boolean;
}

/** The host of the wasm backend, null where its memory is out of reach: hidden, or shared between threads. */
export function openZeroCopyHost(backend: object): Host | null {
  const { wasm, dataIdMap, makeOutput, disposeData } = backend as Partial<WasmBackend>;
  const isFunction = (value: unknown) => typeof value === "function";
  if (!isFunction(wasm?._malloc) || !isFunction(wasm?._free)) return null;
  if (!isFunction(dataIdMap?.get) || !isFunction(makeOutput) || !isFunction(disposeData)) return null;
  const memory = Object.values(wasm?.asm ?? {}).find((value) => value instanceof WebAssembly.Memory);
  if (memory === undefined || memory.buffer !== wasm?.HEAPU8?.buffer || !(memory.buffer instanceof ArrayBuffer)) {
    return null;
  }
  return new ZeroCopyHost(backend as WasmBackend, memory);
}

/** The kernels at work in the backend's own memory, on the tensors where they are. */
class ZeroCopyHost implements Host {
  readonly kernels: KernelExports;
  #scratch: Address = 0;
  #scratchBytes = 0;

  constructor(
    private readonly backend: WasmBackend,
    private readonly memory: WebAssembly.Memory,
  ) {
    this.kernels = instantiateKernels(memory);
  }

  begin(bytes: number): Address {
    if (bytes > this.#scratchBytes) {
      this.release();
      // Addresses above 2 GiB come as negative numbers.
      const address = this.backend.wasm._malloc(bytes) >>> 0;
      if (address === 0) throw outOfMemory(bytes);
      this.#scratch = address;
      this.#scratchBytes = bytes;
    }
    return this.#scratch;
  }

  input(tensor: TensorInfo): Address {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset >>> 0;
  }

  output(shape: readonly number[]): Output {
    const info = this.backend.makeOutput([...shape], "float32");
    const address = this.input(info);
    if (address === 0 && !shape.includes(0)) {
      this.backend.disposeData(info.dataId);
      throw outOfMemory(shape.reduce((product, extent) => product * extent, 4));
    }
    return { address, take: () => info };
  }

  floats(address: Address, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  doubles(address: Address, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }

  release(): void {
    if (this.#scratch !== 0) this.backend.wasm._free(this.#scratch);
    this.#scratch = 0;
    this.#scratchBytes = 0;
  }
}

function outOfMemory(bytes: number): RangeError {
  return new RangeError(`out of memory: the wasm backend refused ${bytes} bytes`);
}
