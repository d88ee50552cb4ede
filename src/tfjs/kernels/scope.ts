import type {
  DataType,
  KernelConfig,
  KernelFunc,
  NamedAttrMap,
  NamedTensorInfoMap,
  TensorInfo,
} from "@tensorflow/tfjs-core";
import { replaceKernel } from "../registry.js";
import type { Tf } from "./geometry.js";

/** The part of TensorFlow.js's wasm backend that the compositions use. */
export interface WasmBackend {
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  /** A view, stale after the next allocation. */
  typedArrayFromHeap(tensor: TensorInfo): Float32Array;
  disposeData(dataId: object): boolean;
  dataIdMap: { get(dataId: object): unknown };
}

/** A kernel's call. `Inputs` and `Attributes` are what its name promises. */
export interface Call<Inputs, Attributes> {
  inputs: Inputs;
  backend: WasmBackend;
  attrs: Attributes;
}

/** Runs kernels of the wasm backend and allocates in it, in the scope of one call of `inScope`. */
export interface Scope {
  run(kernelName: string, inputs: NamedTensorInfoMap, attrs?: object): TensorInfo;
  /** Uninitialised memory. */
  make(shape: number[], dtype?: DataType): TensorInfo;
  view(tensor: TensorInfo): Float32Array;
  /** Takes over what was made in the backend by other ways. */
  keep(tensor: TensorInfo): TensorInfo;
  /** Frees early what this scope made. */
  free(...tensors: TensorInfo[]): void;
}

/**
 * Calls `use`, with the inputs in the backend's memory, and frees all that it allocated, also when it throws, but for
 * the tensor that it returns. Freeing matters beyond the memory of the tensors: the backend keeps a packed copy of each
 * convolution's filter and each product's right side until that tensor is disposed of.
 */
export function inScope(
  tf: Tf,
  backend: WasmBackend,
  inputs: readonly TensorInfo[],
  use: (scope: Scope) => TensorInfo,
): TensorInfo {
  // Moves here what another backend holds, which may grow the memory: later it would detach the views there are.
  for (const { dataId } of inputs) backend.dataIdMap.get(dataId);
  const made = new Set<object>();
  const keep = (tensor: TensorInfo) => {
    made.add(tensor.dataId);
    return tensor;
  };
  const free = (...tensors: TensorInfo[]) => {
    for (const { dataId } of tensors) {
      made.delete(dataId);
      backend.disposeData(dataId);
    }
  };
  try {
    const result = use({
      run: (kernelName, inputs, attrs = {}) =>
        keep(
          tf.getKernel(kernelName, "wasm").kernelFunc({ inputs, backend, attrs: attrs as NamedAttrMap }) as TensorInfo,
        ),
      make: (shape, dtype = "float32") => keep(backend.makeOutput(shape, dtype)),
      view: (tensor) => backend.typedArrayFromHeap(tensor),
      keep,
      free,
    });
    made.delete(result.dataId);
    return result;
  } finally {
    for (const dataId of made) {
      backend.disposeData(dataId);
    }
  }
}

/** The same data in another shape. */
export function reshaped(tensor: TensorInfo, shape: number[]): TensorInfo {
  return { ...tensor, shape };
}

/** Takes back a registered kernel. */
export type Undo = () => void;

/** Registers a kernel of the wasm backend, or a kernel in the place of `replaced`, on its backend. */
export function register(tf: Tf, kernelName: string, kernelFunc: KernelFunc, replaced?: KernelConfig): Undo {
  const backendName = replaced?.backendName ?? "wasm";
  // With the setup of what it replaces: a backend that starts later has to prepare that too.
  const config = { ...replaced, kernelName, backendName, kernelFunc };
  if (replaced) replaceKernel(tf, config);
  else tf.registerKernel(config);
  return () => {
    if (tf.getKernel(kernelName, backendName)?.kernelFunc !== kernelFunc) return;
    if (replaced) replaceKernel(tf, replaced);
    else tf.unregisterKernel(kernelName, backendName);
  };
}
