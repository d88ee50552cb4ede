import * as tf from "@tensorflow/tfjs-core";

/** What the wasm backend of TensorFlow.js has inside, as far as it is used here. */
interface WasmBackend {
  wasm: {
    asm: { memory: WebAssembly.Memory };
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  dataIdMap: { get(dataId: object): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: "float32"): tf.TensorInfo;
}

/** The memory in which the wasm backend keeps its tensors, for kernels that work there without a copy. */
export interface TfjsMemory {
  readonly memory: WebAssembly.Memory;
  /** Reserves `bytes`, 8-byte aligned, until `free`. */
  allocate(bytes: number): number;
  free(address: number): void;
  /** The byte address of a float32 tensor. It holds until the tensor is disposed, also when the memory grows. */
  address(tensor: tf.TensorInfo): number;
  /** A tensor whose values are not set yet; it belongs to the current tf.tidy scope like any other. */
  tensor(shape: number[]): tf.Tensor;
}

/** Finds the memory of the current backend. Throws where there is none that kernels could import. */
export function tfjsMemory(): TfjsMemory {
  const backend = tf.backend() as unknown as Partial<WasmBackend>;
  const { wasm } = backend;
  const memory = wasm?.asm?.memory;
  if (
    !wasm ||
    !(memory instanceof WebAssembly.Memory) ||
    typeof wasm._malloc !== "function" ||
    typeof wasm._free !== "function" ||
    typeof backend.dataIdMap?.get !== "function" ||
    typeof backend.makeOutput !== "function"
  ) {
    const found = tf.getBackend() || "none";
    throw new Error(`expected the wasm backend of TensorFlow.js 4 with its memory at wasm.asm.memory, got "${found}"`);
  }
  if (!(memory.buffer instanceof ArrayBuffer)) {
    throw new Error("expected the single-threaded wasm backend of TensorFlow.js: the threaded one shares its memory");
  }
  const { dataIdMap, makeOutput } = backend as WasmBackend;
  return {
    memory,
    allocate(bytes) {
      const address = wasm._malloc(bytes) >>> 0;
      if (address === 0) {
        throw new Error(`no room for ${bytes} bytes in the memory of TensorFlow.js`);
      }
      return address;
    },
    free: (address) => wasm._free(address),
    address(tensor) {
      if (tensor.dtype !== "float32") {
        throw new TypeError(`expected a float32 tensor, got ${tensor.dtype}`);
      }
      return dataIdMap.get(tensor.dataId).memoryOffset >>> 0;
    },
    tensor: (shape) => tf.engine().makeTensorFromTensorInfo(makeOutput.call(backend, shape, "float32")),
  };
}
