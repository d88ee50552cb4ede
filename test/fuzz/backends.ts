import { setFlagsFromString } from "node:v8";
import { decode } from "../../src/decode.js";
import { loadFallback } from "../../src/fallback/index.js";
import { fallbackKernels } from "../../src/fallback/kernels.js";
import { FallbackMemory } from "../../src/fallback/memory.js";
import { instantiateKernels, type KernelExports, type KernelMemory, type Kernels, loadSync } from "../../src/index.js";
import { encoded as plain } from "../../src/module.js";
import { encoded as fused } from "../../src/relaxed-module.js";

/** What the fuzzer runs over. Each case gets kernels of its own, so that a case does not depend on those before it. */
export interface FuzzBackend {
  readonly name: "wasm" | "relaxed" | "js";
  kernels(): Kernels;
  memory(pages: number): KernelMemory;
  /** The bare kernels over a memory of `memory`. */
  exportsIn(memory: KernelMemory): KernelExports;
}

function webAssembly(name: "wasm" | "relaxed", encoded: string): FuzzBackend {
  const module = new WebAssembly.Module(decode(encoded));
  return {
    name,
    kernels: () => loadSync({ module }),
    memory: (pages) => new WebAssembly.Memory({ initial: pages, maximum: pages }),
    exportsIn: (memory) => instantiateKernels(memory as WebAssembly.Memory, module),
  };
}

const makers = {
  wasm: () => webAssembly("wasm", plain),
  relaxed() {
    // Node.js before 22 has relaxed SIMD behind a flag, which later ones no longer know.
    if (Number(process.versions.node.split(".")[0]) < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
    return webAssembly("relaxed", fused);
  },
  js: (): FuzzBackend => ({
    name: "js",
    kernels: () => loadFallback(),
    memory: (pages) => new FallbackMemory({ initial: pages, maximum: pages }),
    exportsIn: fallbackKernels,
  }),
};

export const backendNames = Object.keys(makers) as FuzzBackend["name"][];

export function backendOf(name: FuzzBackend["name"]): FuzzBackend {
  return makers[name]();
}
