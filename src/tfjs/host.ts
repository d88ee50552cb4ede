import { engine, type KernelBackend, type TensorInfo } from "@tensorflow/tfjs-core";
import type { KernelExports } from "../index.js";
import { CopyingHost } from "./copying-host.js";
import { openZeroCopyHost } from "./zero-copy-host.js";

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

/** The backends whose tensors the kernels reach; on others TensorFlow.js computes. */
export const BACKENDS: readonly string[] = ["cpu", "wasm"];

// By instance: a backend that was removed and registered again has another memory.
const hosts = new WeakMap<object, Host>();

/**
 * The host of a backend of one of the {@link BACKENDS}.
 * @throws Error where the engine has no WebAssembly SIMD
 */
export function hostOf(backend: object): Host {
  let host = hosts.get(backend);
  if (host === undefined) {
    host = openZeroCopyHost(backend) ?? new CopyingHost(backend as KernelBackend);
    hosts.set(backend, host);
  }
  return host;
}

/** The host of the current backend, null where TensorFlow.js computes. */
export function currentHost(): Host | null {
  const { backend } = engine(); // chooses a backend where none is set
  return BACKENDS.includes(engine().backendName) ? hostOf(backend) : null;
}

/** Gives back what the hosts of all backends hold. They open again when they are used. */
export function releaseHosts(): void {
  for (const name of BACKENDS) {
    const backend = engine().registry[name];
    if (backend === undefined) continue;
    hosts.get(backend)?.release();
    hosts.delete(backend);
  }
}
