import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { KernelExports } from "../exports.js";

export type Address = number;

/** A result that the kernels write to `address`; `take` makes it a tensor of the backend, once they have. */
export interface Output {
  readonly address: Address;
  take(): TensorInfo;
}

/**
 * Where the tensors of one backend meet the kernels. One computation at a time: `begin`, inputs and outputs, kernels,
 * `take`. Addresses hold until the next `begin`; views only until the next input or output.
 */
export interface Host {
  readonly kernels: KernelExports;
  /** Begins a computation with `bytes` of scratch, 8-byte aligned. */
  begin(bytes: number): Address;
  /** The values of a float32 tensor. */
  input(tensor: TensorInfo): Address;
  /** Room for a float32 tensor, not initialized. */
  output(shape: readonly number[]): Output;
  floats(address: Address, length: number): Float32Array;
  doubles(address: Address, length: number): Float64Array;
  /** Gives the scratch back; the next computation takes new. */
  release(): void;
}
