import { BatchNorm, load, mergeStatistics, type StateDict, type Statistics, type Tensor } from "batchnorm-wasm";

export async function step(values: Float32Array): Promise<StateDict> {
  const kernels = await load({ initialBytes: 1e6 });
  const layer = new BatchNorm(kernels, 3, { momentum: null, activation: "relu" });
  const x: Tensor = kernels.tensor([values.length / 3, 3], "NC", values);
  const { dx, dgamma } = layer.backward(layer.forward(x));
  const sum: number = dx.data[0] + (dgamma?.data[0] ?? 0);
  const part: Statistics = { count: 2, mean: Float64Array.of(sum), variance: Float64Array.of(1) };
  mergeStatistics([part, part]).dispose();
  // @ts-expect-error: a layout that does not exist
  kernels.tensor([sum], "NWHC");
  // @ts-expect-error: an option that does not exist
  new BatchNorm(kernels, 3, { epsilon: 1e-3 });
  return layer.eval().stateDict();
}
