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

/** A call of a kernel. The name of the kernel determines `Inputs` and `Attributes`. */
export interface Call<Inputs, Attributes> {
  inputs: Inputs;
  backend: WasmBackend;
  attrs: Attributes;
}

/** Runs kernels of the wasm backend and allocates in its memory, during one call of `inScope`. */
export interface Scope {
  run(kernelName: string, inputs: NamedTensorInfoMap, attrs?: object): TensorInfo;
  /** Uninitialised memory. */
  make(shape: number[], dtype?: DataType): TensorInfo;
  view(tensor: TensorInfo): Float32Array;
  /** Takes over a tensor that was made in the backend in another way. */
  keep(tensor: TensorInfo): TensorInfo;
  /** Frees tensors of this scope before its end. */
  free(...tensors: TensorInfo[]): void;
}

/**
 * Calls `use`, with the inputs in the backend's memory. Then it frees everything that `use` allocated except the
 * returned tensor, also if `use` throws. This also frees packed copies: the backend keeps one of each convolution's
 * filter and each product's right side until that tensor is disposed of.
 */
export function inScope(
  tf: Tf,
  backend: WasmBackend,
  inputs: readonly TensorInfo[],
  use: (scope: Scope) => TensorInfo,
): TensorInfo {
  // Moves inputs from other backends. This may grow the memory, and at a later time it would detach views.
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
  // This keeps the setup of the replaced kernel, because a backend that starts later must run it, too.
  const config = { ...replaced, kernelName, backendName, kernelFunc };
  if (replaced) replaceKernel(tf, config);
  else tf.registerKernel(config);
  return () => {
    if (tf.getKernel(kernelName, backendName)?.kernelFunc !== kernelFunc) return;
    if (replaced) replaceKernel(tf, replaced);
    else tf.unregisterKernel(kernelName, backendName);
  };
}
