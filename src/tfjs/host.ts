import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { KernelExports } from "../exports.js";
import { type Extents, isEmpty } from "./extents.js";

export type Address = number;

/** A result that the kernels write to `address`. Afterwards `take` makes it a tensor of the backend. */
export interface Output {
  readonly address: Address;
  take(): TensorInfo;
}

/**
 * Connects the tensors of one backend with the kernels. One computation at a time: `begin`, inputs and outputs,
 * kernels, `take`. Addresses hold until the next `begin`; views only until the next input or output.
 */
export interface Host {
  readonly kernels: KernelExports;
  /** Begins a computation with `bytes` of scratch, 8-byte aligned. */
  begin(bytes: number): Address;
  /** Returns the address of the values of a float32 tensor. */
  input(tensor: TensorInfo): Address;
  /** Allocates a float32 tensor, not initialized. */
  output(shape: readonly number[]): Output;
  floats(address: Address, length: number): Float32Array;
  doubles(address: Address, length: number): Float64Array;
  /** Frees the scratch; the next computation allocates it again. */
  release(): void;
}

export const DOUBLE = 8;
/** The address that means an absent operand. */
export const ABSENT = 0;
/** The number that means no activation. */
export const IDENTITY = 0;

/** The arguments of every kernel over tensors. */
export type Call = readonly [scratch: Address, batch: number, channels: number, spatial: number];

export function callOf(scratch: Address, { batch, channels, spatial }: Extents): Call {
  return [scratch, batch, channels, spatial];
}

export function scratchBytes({ kernels }: Host, extents: Extents): number {
  const { batch, channels, spatial } = extents;
  return isEmpty(extents) ? 0 : kernels.scratchBytes(batch, channels, spatial) >>> 0;
}
