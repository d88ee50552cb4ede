import { instantiateSync } from "@assemblyscript/loader";
import { unfit, wrongType } from "./errors.js";
import type { KernelExports } from "./exports.js";
import { isA } from "./realms.js";
import { refusedMemory } from "./unavailable.js";

/** The kernels in a memory, of a binary that the caller has. */

export const PAGE = 65536;
/**
 * One page less than 32-bit addresses reach: the address behind an array that ends at 2^32 would be 0, and the kernels compare
 * such addresses.
 */
export const MOST_PAGES = 65535;

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
function checkExports({ exports }: WebAssembly.Instance): KernelExports {
  if (!("scratchBytes" in exports)) throw unfit("module", "the binary of this package", "another module");
  return exports as KernelExports;
}

/** At once. `binary` gives the bytes, where there is no module. */
export function instantiateIn(
  memory: WebAssembly.Memory,
  module: WebAssembly.Module | undefined,
  binary: () => Uint8Array<ArrayBuffer>,
): KernelExports {
  const imports = { env: { memory } };
  // The loader knows modules of its own realm only, and the caller's may be of another.
  if (module) return checkExports(new WebAssembly.Instance(module, imports));
  return checkExports(instantiateSync<KernelExports>(binary(), imports).instance);
}

/** Beside the thread that calls. */
export async function instantiateLater(
  memory: WebAssembly.Memory,
  module: WebAssembly.Module | undefined,
  binary: () => Uint8Array<ArrayBuffer>,
): Promise<KernelExports> {
  const compiled = module ?? (await WebAssembly.compile(binary()));
  return checkExports(await WebAssembly.instantiate(compiled, { env: { memory } }));
}
