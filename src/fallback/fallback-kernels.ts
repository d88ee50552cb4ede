import type { KernelExports } from "../exports.js";
import type { KernelMemory } from "../memory.js";
import { fallbackKernels } from "./kernels.js";
import { FallbackMemory, memoryOf } from "./memory.js";
import { warm } from "./warm.js";

let warmed = false;

/**
 * The kernels in JavaScript over a memory of `initial` pages. This file imports nothing from the core, so that every
 * bundle of the core can import it.
 */
export function implementFallback(initial: number): { exports: KernelExports; memory: KernelMemory } {
  if (!warmed) warm(fallbackKernels, new FallbackMemory({ initial: 1 }));
  warmed = true;
  const memory = memoryOf(initial);
  return { exports: fallbackKernels(memory), memory };
}
