import { inject } from "vitest";
import { decode } from "../../src/decode.js";
import { loadFallback } from "../../src/fallback/index.js";
import { fallbackKernels } from "../../src/fallback/kernels.js";
import { FallbackMemory } from "../../src/fallback/memory.js";
import {
  type Backend,
  instantiateKernels,
  type KernelExports,
  type KernelMemory,
  type Kernels,
  type LoadOptions,
  load,
  loadSync,
} from "../../src/index.js";

/** The kernels that a suite runs over: a vitest project names them. */

declare module "vitest" {
  interface ProvidedContext {
    backend: Backend;
    /** Whether "wasm" is the binary with relaxed instructions. */
    relaxed: boolean;
    /** Whether it is the binary with assertions. */
    debug: boolean;
  }
}

export const backend: Backend = inject("backend");

/** The binary of the projects `relaxed`, whose engine has its instructions, and `debug`. */
const module = await moduleOf();

async function moduleOf(): Promise<WebAssembly.Module | undefined> {
  if (inject("relaxed")) return new WebAssembly.Module(decode((await import("../../src/relaxed-module.js")).encoded));
  if (inject("debug")) return new WebAssembly.Module(decode((await import("../../build/debug-module.js")).encoded));
}

export const kernels: Kernels = await preferred();

async function preferred(): Promise<Kernels> {
  if (backend === "js") return loadFallback();
  return load(inject("debug") ? { module } : { relaxed: inject("relaxed") });
}

/** Kernels of their own; not of the binary with relaxed instructions. */
export function loadKernels(options?: Pick<LoadOptions, "initialBytes">): Kernels {
  return backend === "js" ? loadFallback(options) : loadSync(options);
}

/** A memory as the backend's kernels take it. */
export function memoryOf(descriptor: { initial: number; maximum?: number }): KernelMemory {
  return backend === "js" ? new FallbackMemory(descriptor) : new WebAssembly.Memory(descriptor);
}

/** The bare kernels over a memory of `memoryOf`. */
export function kernelsIn(memory: KernelMemory): KernelExports {
  return backend === "js" ? fallbackKernels(memory) : instantiateKernels(memory as WebAssembly.Memory, module);
}
