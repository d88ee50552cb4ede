import { decode } from "./decode.js";
import { wrongValue } from "./errors.js";
import type { KernelExports } from "./exports.js";
import { checkContract, checkMemory, checkModule, instantiateIn, instantiateLater, memoryOf } from "./instantiate.js";
import { KernelInstance, type Kernels } from "./kernels.js";
import { checkLoadOptions, type LoadOptions } from "./load-options.js";
import type { KernelMemory } from "./memory.js";
import { encoded } from "./module.js";
import { isShared, sharedBinary } from "./shared-memory.js";
import { assertWebAssembly, explained, Unavailable, withoutSimd } from "./unavailable.js";

/**
 * Compiles the embedded binary and instantiates it with its own memory.
 * @throws TypeError, RangeError for a wrong option; Error where the engine has no WebAssembly SIMD, refuses to compile
 * or refuses the memory, and no `fallback` is given
 */
export async function load(options: LoadOptions = {}): Promise<Kernels> {
  const { pages, module, relaxed, fallback } = checkLoadOptions(options);
  try {
    assertWebAssembly();
    const fused = relaxed ? await relaxedBinary() : null;
    const memory = memoryOf(pages);
    const exports = await instantiateLater(memory, module, () => fused ?? bytes(memory));
    return new KernelInstance(exports, memory, "wasm", fused !== null);
  } catch (error) {
    const reason = explained(error);
    if (fallback === undefined || !(reason instanceof Unavailable)) throw reason;
    const { implementFallback } = await import("./fallback/fallback-kernels.js");
    const { exports, memory } = implementFallback(pages);
    return new KernelInstance(exports, memory, "js");
  }
}

/**
 * The same as {@link load}, but synchronous. Use it in Node.js and workers, because some browsers refuse it on the main
 * thread.
 * @throws TypeError, RangeError for a wrong option; Error where the engine has no WebAssembly SIMD, refuses to compile
 * or refuses the memory
 */
export function loadSync(options: Omit<LoadOptions, "relaxed" | "fallback"> = {}): Kernels {
  const { pages, module, relaxed, fallback } = checkLoadOptions(options);
  if (relaxed) throw wrongValue("relaxed", "false in loadSync; load can import its binary", relaxed);
  if (fallback) throw wrongValue("fallback", "none in loadSync; load can import it, as you can", fallback);
  assertWebAssembly();
  try {
    const memory = memoryOf(pages);
    return new KernelInstance(
      instantiateIn(memory, module, () => bytes(memory)),
      memory,
      "wasm",
    );
  } catch (error) {
    throw explained(error);
  }
}

/**
 * The kernels alone, in the caller's memory, shared or not: no allocation, no static data. The caller chooses the
 * addresses. Every array has to end below 2^32, so a memory of 65,536 pages is refused, and it must not grow to that
 * size. In a shared memory no other thread may write to the arguments during a call.
 * @param module the compiled binary, for hosts that refuse to compile bytes; for a shared memory that of
 * `batchnorm-wasm/batchnorm-shared.wasm`
 * @throws TypeError, RangeError for a wrong argument; Error where the engine has no WebAssembly SIMD or refuses to
 * compile
 */
export function instantiateKernels(memory: WebAssembly.Memory, module?: WebAssembly.Module): KernelExports {
  assertWebAssembly();
  checkMemory(memory);
  checkModule(module);
  try {
    return instantiateIn(memory, module, () => bytes(memory));
  } catch (error) {
    throw explained(error);
  }
}

/**
 * The same as {@link instantiateKernels}, off the calling thread. Browsers before 2023 refuse to compile synchronously
 * on a page's main thread.
 * @throws TypeError, RangeError for a wrong argument; Error where the engine has no WebAssembly SIMD or refuses to
 * compile
 */
export async function instantiateKernelsAsync(
  memory: WebAssembly.Memory,
  module?: WebAssembly.Module,
): Promise<KernelExports> {
  assertWebAssembly();
  checkMemory(memory);
  checkModule(module);
  try {
    return await instantiateLater(memory, module, () => bytes(memory));
  } catch (error) {
    throw explained(error);
  }
}

/**
 * A memory and the kernels over it.
 * @deprecated with {@link kernelsOf}
 */
export interface Implementation {
  readonly exports: KernelExports;
  readonly memory: KernelMemory;
}

/**
 * Builds kernels on another implementation. `implement` gets the initial size of the memory in pages.
 * @throws TypeError, RangeError for a wrong option
 * @deprecated use `loadFallback` of `batchnorm-wasm/fallback`, or `load`; it goes with the next release
 */
export function kernelsOf(
  implement: (pages: number) => Implementation,
  options: Pick<LoadOptions, "initialBytes"> = {},
): Kernels {
  const { exports, memory } = implement(checkLoadOptions(options, ["initialBytes"]).pages);
  return new KernelInstance(checkContract("implement", exports), memory, "js");
}

/** The embedded binary, for this kind of memory. */
function bytes(memory: WebAssembly.Memory): Uint8Array<ArrayBuffer> {
  const plain = decode(encoded);
  const binary = isShared(memory) ? sharedBinary(plain) : plain;
  if (!WebAssembly.validate(binary)) throw withoutSimd();
  return binary;
}

/** The binary with fused multiply-add, null where the engine does not know its instructions. */
async function relaxedBinary(): Promise<Uint8Array<ArrayBuffer> | null> {
  const binary = decode((await import("./relaxed-module.js")).encoded);
  return WebAssembly.validate(binary) ? binary : null;
}
