import { instantiateSync } from "@assemblyscript/loader";
import { wrongValue } from "./check.js";
import {
  checkExports,
  checkLoadOptions,
  checkMemory,
  checkModule,
  type Implementation,
  type LoadOptions,
  memoryOf,
} from "./instantiate.js";
import { type KernelExports, KernelInstance, type Kernels } from "./kernels.js";
import { base64 } from "./module.js";
import { isShared, sharedBinary } from "./shared-memory.js";
import { assertWebAssembly, explained, Unavailable, withoutSimd } from "./unavailable.js";

/**
 * Compiles the embedded binary and gives it a memory of its own.
 * @throws TypeError, RangeError for a wrong option; Error where the engine has no WebAssembly SIMD, refuses to compile or
 * refuses the memory, and no `fallback` is given
 */
export async function load(options: LoadOptions = {}): Promise<Kernels> {
  const pages = checkLoadOptions(options);
  const { initialBytes, module, relaxed, fallback } = options;
  try {
    assertWebAssembly();
    const fused = relaxed ? await relaxedBinary() : null;
    const memory = memoryOf(pages);
    const exports = await exportsLater(memory, module ?? (await WebAssembly.compile(fused ?? bytes(memory))));
    return new KernelInstance(exports, memory, "wasm", fused !== null);
  } catch (error) {
    const reason = explained(error);
    if (fallback === undefined || !(reason instanceof Unavailable)) throw reason;
    const { implementFallback } = await import("./fallback/fallback-kernels.js");
    return kernelsOf(implementFallback, { initialBytes });
  }
}

/**
 * As {@link load}, at once. For Node and workers: some browsers refuse to compile on the main thread.
 * @throws TypeError, RangeError for a wrong option; Error where the engine has no WebAssembly SIMD, refuses to compile or
 * refuses the memory
 */
export function loadSync(options: Omit<LoadOptions, "relaxed" | "fallback"> = {}): Kernels {
  const pages = checkLoadOptions(options);
  const { module, relaxed, fallback } = options as LoadOptions;
  if (relaxed) throw wrongValue("relaxed", "false in loadSync; load can import its binary", relaxed);
  if (fallback) throw wrongValue("fallback", "none in loadSync; load can import it, as you can", fallback);
  assertWebAssembly();
  try {
    const memory = memoryOf(pages);
    return new KernelInstance(exportsOf(memory, module), memory, "wasm");
  } catch (error) {
    throw explained(error);
  }
}

/**
 * The kernels alone, in the caller's memory, shared or not: no allocation, no static data. The caller minds the
 * addresses: every array has to end below 2^32, so a memory of 65,536 pages is refused, and must not become one by growth.
 * Where the memory is shared, no other thread may write to their arguments. `module`: the compiled binary,
 * for hosts that refuse to compile bytes; for a shared memory that of `batchnorm-wasm/batchnorm-shared.wasm`.
 * @throws TypeError, RangeError for a wrong argument; Error where the engine has no WebAssembly SIMD or refuses to compile
 */
export function instantiateKernels(memory: WebAssembly.Memory, module?: WebAssembly.Module): KernelExports {
  assertWebAssembly();
  checkMemory(memory);
  checkModule(module);
  try {
    return exportsOf(memory, module);
  } catch (error) {
    throw explained(error);
  }
}

/**
 * As {@link instantiateKernels}, off the thread that calls: browsers before 2023 refuse to compile at once on a page's main
 * thread.
 * @throws as there
 */
export async function instantiateKernelsAsync(
  memory: WebAssembly.Memory,
  module?: WebAssembly.Module,
): Promise<KernelExports> {
  assertWebAssembly();
  checkMemory(memory);
  checkModule(module);
  try {
    return await exportsLater(memory, module ?? (await WebAssembly.compile(bytes(memory))));
  } catch (error) {
    throw explained(error);
  }
}

/**
 * Kernels of another implementation, which gets the pages that its memory is to begin with. `batchnorm-wasm/fallback` is
 * made with it.
 * @throws TypeError, RangeError for a wrong option
 */
export function kernelsOf(
  implement: (pages: number) => Implementation,
  options: Pick<LoadOptions, "initialBytes"> = {},
): Kernels {
  const { exports, memory } = implement(checkLoadOptions(options, ["initialBytes"]));
  return new KernelInstance(exports, memory, "js");
}

function exportsOf(memory: WebAssembly.Memory, module?: WebAssembly.Module): KernelExports {
  if (module) return checkExports(new WebAssembly.Instance(module, { env: { memory } }));
  return checkExports(instantiateSync<KernelExports>(bytes(memory), { env: { memory } }).instance);
}

async function exportsLater(memory: WebAssembly.Memory, module: WebAssembly.Module): Promise<KernelExports> {
  return checkExports(await WebAssembly.instantiate(module, { env: { memory } }));
}

/** The embedded binary, for this kind of memory. */
function bytes(memory: WebAssembly.Memory): Uint8Array<ArrayBuffer> {
  const plain = decode(base64);
  const binary = isShared(memory) ? sharedBinary(plain) : plain;
  if (!WebAssembly.validate(binary)) throw withoutSimd();
  return binary;
}

/** The binary with fused multiply-add, null where the engine does not know its instructions. */
async function relaxedBinary(): Promise<Uint8Array<ArrayBuffer> | null> {
  const binary = decode((await import("./relaxed-module.js")).base64);
  return WebAssembly.validate(binary) ? binary : null;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
