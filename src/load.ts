import { instantiate, instantiateSync } from "@assemblyscript/loader";
import { checkBoolean, checkInteger, checkOneOf, checkOptions, unfit, wrongType, wrongValue } from "./check.js";
import { type KernelExports, KernelInstance, type Kernels } from "./kernels.js";
import type { KernelMemory } from "./memory.js";
import { base64 } from "./module.js";
import { assertWebAssembly, explained, Unavailable, withoutSimd } from "./unavailable.js";

export interface LoadOptions {
  /** Bytes of memory to reserve at once. While they last no view is detached. Default 0. */
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
   * Where the engine has no WebAssembly or no SIMD, or refuses to compile: the same kernels in JavaScript, some four times
   * slower, within the same tolerances. Imported only then; so not in `loadSync`, where `loadFallback` of
   * `batchnorm-wasm/fallback` gives them. `kernels.backend` says which it is. Default: an error that names the cause.
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
 * Compiles the embedded binary and gives it a memory of its own.
 * @throws TypeError, RangeError for a wrong option; Error where the engine has no WebAssembly SIMD, or refuses to compile,
 * and no `fallback` is given
 */
export async function load(options: LoadOptions = {}): Promise<Kernels> {
  const pages = checkLoadOptions(options);
  const { initialBytes, module, relaxed, fallback } = options;
  try {
    assertWebAssembly();
    const fused = relaxed ? await relaxedBinary() : null;
    const source = module ?? (await WebAssembly.compile(fused ?? bytes()));
    const memory = memoryOf(pages);
    const { instance } = await instantiate<KernelExports>(source, { env: { memory } });
    return new KernelInstance(checkExports(instance), memory, "wasm", fused !== null);
  } catch (error) {
    const reason = explained(error);
    if (fallback === undefined || !(reason instanceof Unavailable)) throw reason;
    const { implementFallback } = await import("./fallback/fallback-kernels.js");
    return kernelsOf(implementFallback, { initialBytes });
  }
}

/**
 * As {@link load}, at once. For Node and workers: some browsers refuse to compile on the main thread.
 * @throws TypeError, RangeError for a wrong option; Error where the engine has no WebAssembly SIMD or refuses to compile
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
 * The kernels alone, in the caller's memory: no allocation, no static data. Whoever calls them minds the addresses.
 * @throws TypeError for a wrong argument; Error where the engine has no WebAssembly SIMD or refuses to compile
 */
export function instantiateKernels(memory: WebAssembly.Memory, module?: WebAssembly.Module): KernelExports {
  assertWebAssembly();
  if (!(memory instanceof WebAssembly.Memory)) throw wrongType("memory", "a WebAssembly.Memory", memory);
  if (!(memory.buffer instanceof ArrayBuffer)) throw unfit("memory", "a memory that is not shared", "a shared one");
  checkModule(module);
  try {
    return exportsOf(memory, module);
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
  const { exports, memory } = implement(checkLoadOptions(options));
  return new KernelInstance(exports, memory, "js");
}

/** Returns the pages that the memory is to begin with. */
function checkLoadOptions(options: LoadOptions): number {
  checkOptions(options);
  const { initialBytes = 0, module, relaxed = false, fallback } = options;
  checkInteger("initialBytes", initialBytes, 0);
  // Where there is no WebAssembly nothing can be a module, and load says what is missing.
  if (typeof WebAssembly !== "undefined") checkModule(module);
  checkBoolean("relaxed", relaxed);
  if (relaxed && module !== undefined) throw wrongValue("relaxed", 'false beside a "module"', relaxed);
  if (fallback !== undefined) checkOneOf("fallback", fallback, ["js"]);
  const pages = Math.max(1, Math.ceil(initialBytes / PAGE));
  if (pages > PAGE) throw wrongValue("initialBytes", `at most ${PAGE * PAGE}`, initialBytes);
  return pages;
}

function checkModule(module: unknown): void {
  if (module !== undefined && !(module instanceof WebAssembly.Module)) {
    throw wrongType("module", "a WebAssembly.Module", module);
  }
}

function memoryOf(initial: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial, maximum: PAGE });
}

function exportsOf(memory: WebAssembly.Memory, module?: WebAssembly.Module): KernelExports {
  const source = module ?? new WebAssembly.Module(bytes());
  return checkExports(instantiateSync<KernelExports>(source, { env: { memory } }).instance);
}

/** The instance's own exports: the loader's have helpers for managed objects beside them. */
function checkExports({ exports }: WebAssembly.Instance): KernelExports {
  if (!("scratchBytes" in exports)) throw unfit("module", "the binary of this package", "another module");
  return exports as KernelExports;
}

/** The embedded binary. */
function bytes(): Uint8Array<ArrayBuffer> {
  const binary = decode(base64);
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
