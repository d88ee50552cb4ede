import type { KernelExports } from "../exports.js";
import type { KernelMemory } from "../memory.js";
import { fallbackKernels } from "./kernels.js";
import { FallbackMemory, memoryOf } from "./memory.js";
import { warm } from "./warm.js";

let warmed = false;

/** The kernels in JavaScript over a memory of so many pages. Imports nothing of the core: any bundle of that can import this. */
export function implementFallback(initial: number): { exports: KernelExports; memory: KernelMemory } {
  if (!warmed) warm(fallbackKernels, new FallbackMemory({ initial: 1 }));
  warmed = true;
  const memory = memoryOf(initial);
  return { exports: fallbackKernels(memory), memory };
}
