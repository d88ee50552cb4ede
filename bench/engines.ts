import { instantiateKernels, type KernelExports, type Kernels, load } from "batchnorm-wasm";
import { PAGE, reserve } from "./arena.js";
import type { Case } from "./cases.js";
import { parameterBytes, scratchBytes } from "./kernels.js";
import { instantiateMemoryBound, type MemoryBound } from "./memory-bound/index.js";

export interface Engines {
  /** The library, in a memory of its own. */
  readonly library: Kernels;
  /** The kernels and the loops of the memory bound, in the benchmark's memory. */
  readonly exports: KernelExports;
  readonly memoryBound: MemoryBound;
  readonly memory: WebAssembly.Memory;
}

/**
 * Instantiates everything that runs in WebAssembly. The memories hold x, y, dy and dx of the largest case and never
 * grow.
 */
export async function engines(cases: readonly Case[], memoryBound: BufferSource): Promise<Engines> {
  const scratch = scratchBytes(cases);
  const need = cases.map(({ bytes, channels }) => 4 * bytes + parameterBytes(channels) + scratch + PAGE);
  const memory = reserve(Math.max(...need));
  // twice the needed size, because there may be gaps
  const library = await load({ initialBytes: 2 * memory.buffer.byteLength });
  return {
    library,
    exports: instantiateKernels(memory),
    memoryBound: instantiateMemoryBound(memory, memoryBound),
    memory,
  };
}
