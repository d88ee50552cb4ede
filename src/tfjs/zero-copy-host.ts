import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { KernelExports } from "../exports.js";
import { isA } from "../realms.js";
import type { Address, Host, Output } from "./host.js";

/** The used internals of the wasm backend. TensorFlow.js does not document these fields. */
interface WasmModule {
  asm: object;
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
  /** The threads of the threaded build. */
  PThread?: { loadWasmModuleToWorker?(worker: object): unknown };
}

export interface WasmBackend {
  wasm: WasmModule;
  dataIdMap: { get(dataId: object): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  disposeData(dataId: object): boolean;
}

/** Returns the memory of the wasm backend, or null if it is not accessible. */
export function memoryOf(backend: object): WebAssembly.Memory | null {
  const { wasm, dataIdMap, makeOutput, disposeData } = backend as Partial<WasmBackend>;
  const isFunction = (value: unknown) => typeof value === "function";
  if (!wasm || !isFunction(wasm._malloc) || !isFunction(wasm._free)) return null;
  if (!isFunction(dataIdMap?.get) || !isFunction(makeOutput) || !isFunction(disposeData)) return null;
  const memory = Object.values(wasm.asm ?? {}).find(isMemory) ?? memoryOfThreads(wasm);
  return isA("WebAssembly.Memory", memory) && isHeap(memory, wasm) ? memory : null;
}

const isMemory = (value: unknown) => isA("WebAssembly.Memory", value);

/**
 * The threaded build exports no memory, but sends it to every new thread. So this function pretends to be a thread and
 * receives it.
 */
function memoryOfThreads({ PThread }: WasmModule): unknown {
  let memory: unknown;
  const postMessage = (message?: { wasmMemory?: unknown }) => {
    memory = message?.wasmMemory;
  };
  try {
    PThread?.loadWasmModuleToWorker?.({ postMessage, on() {} });
  } catch {
    return undefined;
  }
  return memory;
}

/**
 * Tells whether both are the same bytes. Comparing the buffers is not enough: after growth by another thread HEAPU8 has
 * an older and shorter buffer of the same memory.
 */
function isHeap(memory: WebAssembly.Memory, { HEAPU8, _malloc, _free }: WasmModule): boolean {
  if (HEAPU8?.buffer === memory.buffer) return true;
  const address = _malloc(1) >>> 0;
  if (address === 0) return false;
  const isSeen = (value: number) => {
    if (HEAPU8) HEAPU8[address] = value;
    return new Uint8Array(memory.buffer)[address] === value;
  };
  const same = isSeen(0x5a) && isSeen(0xa5);
  _free(address);
  return same;
}

/** The kernels inside the wasm backend's own memory, without copies. */
export class ZeroCopyHost implements Host {
  #scratch: Address = 0;
  #scratchBytes = 0;

  constructor(
    private readonly backend: WasmBackend,
    private readonly memory: WebAssembly.Memory,
    readonly kernels: KernelExports,
  ) {}

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
