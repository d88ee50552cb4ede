import { instantiateKernels, type KernelExports, type Kernels, load } from "batchnorm-wasm";
import { PAGE, reserve } from "./arena.js";
import type { Case } from "./cases.js";
import { parameterBytes, scratchBytes } from "./kernels.js";
import { instantiateMemoryBound, type MemoryBound } from "./memory-bound/index.js";

export interface Engines {
  /** The library with a memory of its own. */
  readonly library: Kernels;
  /** The kernels and the memory bound in the benchmark's memory. */
  readonly exports: KernelExports;
  readonly memoryBound: MemoryBound;
  readonly memory: WebAssembly.Memory;
}

/** Everything that runs in WebAssembly, with memories that hold x, y, dy, dx of the largest case and never grow. */
export async function engines(cases: readonly Case[], memoryBound: BufferSource): Promise<Engines> {
  const scratch = scratchBytes(cases);
  const need = cases.map(({ bytes, channels }) => 4 * bytes + parameterBytes(channels) + scratch + PAGE);
  const memory = reserve(Math.max(...need));
  // twice what is needed, since gaps may be left
  const library = await load({ initialBytes: 2 * memory.buffer.byteLength });
  return {
    library,
    exports: instantiateKernels(memory),
    memoryBound: instantiateMemoryBound(memory, memoryBound),
    memory,
  };
}
