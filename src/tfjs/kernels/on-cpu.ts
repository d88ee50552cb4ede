import type { DataType, TensorInfo } from "@tensorflow/tfjs-core";
import type { Call, WasmBackend } from "./scope.js";

/** The used part of TensorFlow.js's cpu backend. */
interface CpuBackend {
  makeTensorInfo(shape: number[], dtype: DataType, values: Float32Array): TensorInfo;
  disposeData(dataId: object): boolean;
  data: { get(dataId: object): { values: Float32Array } };
}

/** Makes a kernel for the cpu backend from one that runs no other kernel and has float32 results. */
export function onCpu<Inputs, Attributes>(kernel: (call: Call<Inputs, Attributes>) => TensorInfo) {
  return (call: { inputs: Inputs; attrs: Attributes; backend: CpuBackend }): TensorInfo => {
    const cpu = call.backend;
    const backend: WasmBackend = {
      makeOutput(shape, dtype) {
        const size = shape.reduce((product, extent) => product * extent, 1);
        return cpu.makeTensorInfo(shape, dtype, new Float32Array(size));
      },
      typedArrayFromHeap: ({ dataId }) => cpu.data.get(dataId).values,
      disposeData: (dataId) => cpu.disposeData(dataId),
      dataIdMap: cpu.data,
    };
    return kernel({ ...call, backend });
  };
}
