import { checkBoolean, checkInteger, checkOneOf } from "./arguments.js";
import { wrongValue } from "./errors.js";
import { checkModule, MOST_PAGES, PAGE } from "./instantiate.js";
import { checkOptions } from "./options.js";

export interface LoadOptions {
  /** Bytes of memory to reserve at once, at most 2^32 - 65,536. While they last no view is detached. Default 0. */
  initialBytes?: number | undefined;
  /**
   * The compiled binary, for hosts that refuse to compile bytes. The package exports it as
   * `batchnorm-wasm/batchnorm.wasm`.
   */
  module?: WebAssembly.Module | undefined;
  /**
   * Fused multiply-add by relaxed SIMD instructions, if the engine has them: up to 13 % faster on data in the cache.
   * The results then depend on the machine, within the same tolerances. `load` imports a separate binary for this.
   * `loadSync` refuses true, but its `module` can be `batchnorm-wasm/batchnorm-relaxed.wasm`. Default false.
   */
  relaxed?: boolean | undefined;
  /**
   * "js": if the engine has no WebAssembly SIMD or refuses to compile, or if the host refuses the memory, the same
   * kernels compute in JavaScript. They are two to six times slower, within the same tolerances. They are imported only
   * then. `loadSync` refuses this option: use `loadFallback` of `batchnorm-wasm/fallback`. `kernels.backend` says which
   * it is. Default: an error that names the cause.
   */
  fallback?: "js" | undefined;
}

/** The options of `load` and of `loadSync`, which refuses the last two with its own message. */
const OPTIONS: readonly (keyof LoadOptions)[] = ["initialBytes", "module", "relaxed", "fallback"];

/** The checked options, with the initial pages of the memory. */
export interface CheckedLoadOptions extends Pick<LoadOptions, "module" | "fallback"> {
  readonly pages: number;
  readonly relaxed: boolean;
}

export function checkLoadOptions(options: LoadOptions, known: readonly string[] = OPTIONS): CheckedLoadOptions {
  checkOptions(options, known);
  const { initialBytes = 0, module, relaxed = false, fallback } = options;
  checkInteger("initialBytes", initialBytes, 0);
  // Without WebAssembly nothing can be a module, and `load` says what is missing.
  if (typeof WebAssembly !== "undefined") checkModule(module);
  checkBoolean("relaxed", relaxed);
  if (relaxed && module !== undefined) throw wrongValue("relaxed", 'false beside a "module"', relaxed);
  if (fallback !== undefined) checkOneOf("fallback", fallback, ["js"]);
  const pages = Math.max(1, Math.ceil(initialBytes / PAGE));
  if (pages > MOST_PAGES) throw wrongValue("initialBytes", `at most ${MOST_PAGES * PAGE}`, initialBytes);
  return { pages, module, relaxed, fallback };
}
