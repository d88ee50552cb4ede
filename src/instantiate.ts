import { checkBoolean, checkInteger, checkOneOf, unfit, wrongType, wrongValue } from "./check.js";
import type { KernelExports } from "./kernels.js";
import type { KernelMemory } from "./memory.js";
import { checkOptions } from "./options.js";
import { isA } from "./realms.js";
import { refusedMemory } from "./unavailable.js";

/** What every way of loading has in common: options, a memory, the check of what was instantiated. No binary. */

export interface LoadOptions {
  /** Bytes of memory to reserve at once, at most 2^32 - 65,536. While they last no view is detached. Default 0. */
  initialBytes?: number;
  /** The compiled binary, for hosts that refuse to compile bytes. The package exports it as `batchnorm-wasm/batchnorm.wasm`. */
  module?: WebAssembly.Module;
  /**
   * Fused multiply-add, by relaxed SIMD instructions, where the engine has them: up to 13 % faster on data in the cache, but
   * results then depend on the machine, within the same tolerances. A binary of its own, imported when this is true; so
   * not in `loadSync`, where `module` can be `batchnorm-wasm/batchnorm-relaxed.wasm`. Default false.
   */
  relaxed?: boolean;
  /**
   * Where the engine has no WebAssembly or no SIMD, or refuses to compile, or the host refuses the memory: the same kernels
   * in JavaScript, some four times slower, within the same tolerances. Imported only then; so not in `loadSync`, where
   * `loadFallback` of `batchnorm-wasm/fallback` gives them. `kernels.backend` says which it is. Default: an error that names
   * the cause.
   */
  fallback?: "js";
}

/** A memory and the kernels over it. */
export interface Implementation {
  readonly exports: KernelExports;
  readonly memory: KernelMemory;
}

const PAGE = 65536;
/**
 * One page less than 32-bit addresses reach: the address behind an array that ends at 2^32 would be 0, and the kernels compare
 * such addresses.
 */
const MOST_PAGES = 65535;

/** Those of `load`, and of `loadSync`, which has a word of its own to say on the last two. */
const OPTIONS: readonly (keyof LoadOptions)[] = ["initialBytes", "module", "relaxed", "fallback"];

/** Returns the pages that the memory is to begin with. */
export function checkLoadOptions(options: LoadOptions, known: readonly string[] = OPTIONS): number {
  checkOptions(options, known);
  const { initialBytes = 0, module, relaxed = false, fallback } = options;
  checkInteger("initialBytes", initialBytes, 0);
  // Where there is no WebAssembly nothing can be a module, and load says what is missing.
  if (typeof WebAssembly !== "undefined") checkModule(module);
  checkBoolean("relaxed", relaxed);
  if (relaxed && module !== undefined) throw wrongValue("relaxed", 'false beside a "module"', relaxed);
  if (fallback !== undefined) checkOneOf("fallback", fallback, ["js"]);
  const pages = Math.max(1, Math.ceil(initialBytes / PAGE));
  if (pages > MOST_PAGES) throw wrongValue("initialBytes", `at most ${MOST_PAGES * PAGE}`, initialBytes);
  return pages;
}

export function checkModule(module: unknown): void {
  if (module !== undefined && !isA("WebAssembly.Module", module)) {
    throw wrongType("module", "a WebAssembly.Module", module);
  }
}

/** @throws Unavailable where the host refuses the memory */
export function memoryOf(initial: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial, maximum: MOST_PAGES });
  } catch (error) {
    throw refusedMemory(initial * PAGE, error);
  }
}

/** A memory in which the kernels are right: any but one of the largest size. */
export function checkMemory(memory: unknown): void {
  if (!isA("WebAssembly.Memory", memory)) throw wrongType("memory", "a WebAssembly.Memory", memory);
  const { byteLength } = memory.buffer;
  if (byteLength > MOST_PAGES * PAGE) throw unfit("memory", `at most ${MOST_PAGES * PAGE} bytes`, `${byteLength}`);
}

/** The instance's own exports: the loader's have helpers for managed objects beside them. */
export function checkExports({ exports }: WebAssembly.Instance): KernelExports {
  if (!("scratchBytes" in exports)) throw unfit("module", "the binary of this package", "another module");
  return exports as KernelExports;
}
