import { KernelInstance, type Kernels } from "../kernels.js";
import { checkLoadOptions, type LoadOptions } from "../load-options.js";
import { implementFallback } from "./fallback-kernels.js";

/**
 * Kernels in JavaScript, at once and in any engine: what `load({ fallback: "js" })` gives where there is no WebAssembly, and
 * what `loadSync` gives but for the speed. `initialBytes` is as there.
 * @throws TypeError, RangeError for a wrong option, or where the engine refuses the memory
 */
export function loadFallback(options: Pick<LoadOptions, "initialBytes"> = {}): Kernels {
  const { exports, memory } = implementFallback(checkLoadOptions(options, ["initialBytes"]).pages);
  return new KernelInstance(exports, memory, "js");
}
