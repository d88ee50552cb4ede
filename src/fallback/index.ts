import { KernelInstance, type Kernels } from "../kernels.js";
import { checkLoadOptions, type LoadOptions } from "../load-options.js";
import { implementFallback } from "./fallback-kernels.js";

/**
 * Returns the kernels in JavaScript, synchronously and in any engine. They are those of `load({ fallback: "js" })`
 * without WebAssembly, and differ from those of `loadSync` only in speed and the last bits. `initialBytes` is the same
 * option.
 * @throws TypeError, RangeError for a wrong option, or if the engine refuses the memory
 */
export function loadFallback(options: Pick<LoadOptions, "initialBytes"> = {}): Kernels {
  const { exports, memory } = implementFallback(checkLoadOptions(options, ["initialBytes"]).pages);
  return new KernelInstance(exports, memory, "js");
}
