import { unfit, wrongType } from "./errors.js";
import { CONTRACT_VERSION, type KernelExports } from "./exports.js";
import { isA } from "./realms.js";
import { refusedMemory } from "./unavailable.js";

/** Instantiates the kernels of a given binary in a memory. */

export const PAGE = 65536;
/**
 * One page less than the 32-bit address space. The end address of an array at 2^32 would be 0, and the kernels compare
 * end addresses.
 */
export const MOST_PAGES = 65535;

export function checkModule(module: unknown): void {
  if (module !== undefined && !isA("WebAssembly.Module", module)) {
    throw wrongType("module", "a WebAssembly.Module", module);
  }
}

/** @throws Unavailable if the host refuses the memory */
export function memoryOf(initial: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial, maximum: MOST_PAGES });
  } catch (error) {
    throw refusedMemory(initial * PAGE, error);
  }
}

/** Checks a memory. It may have every size except the largest. */
export function checkMemory(memory: unknown): void {
  if (!isA("WebAssembly.Memory", memory)) throw wrongType("memory", "a WebAssembly.Memory", memory);
  const { byteLength } = memory.buffer;
  if (byteLength > MOST_PAGES * PAGE) throw unfit("memory", `at most ${MOST_PAGES * PAGE} bytes`, `${byteLength}`);
}

/**
 * Checks that kernels have the contract of this version. Kernels of another version would misread their arguments and
 * write to wrong addresses.
 * @param argument where they come from
 */
export function checkContract(argument: string, exports: object): KernelExports {
  const { contractVersion, scratchBytes } = exports as Partial<KernelExports>;
  const version = typeof contractVersion === "function" ? contractVersion() : null;
  if (version === CONTRACT_VERSION) return exports as KernelExports;
  const without = scratchBytes === undefined ? "another module" : "those of an older version";
  const got = version === null ? without : `those of contract ${version}`;
  throw unfit(argument, `the kernels of this version of batchnorm-wasm (contract ${CONTRACT_VERSION})`, got);
}

/** Instantiates synchronously. `binary` returns the bytes if there is no module. */
export function instantiateIn(
  memory: WebAssembly.Memory,
  module: WebAssembly.Module | undefined,
  binary: () => Uint8Array<ArrayBuffer>,
): KernelExports {
  const { exports } = new WebAssembly.Instance(module ?? new WebAssembly.Module(binary()), { env: { memory } });
  return checkContract("module", exports);
}

/** Instantiates off the calling thread. `argument` names the origin of the kernels. */
export async function instantiateLater(
  memory: WebAssembly.Memory,
  module: WebAssembly.Module | undefined,
  binary: () => Uint8Array<ArrayBuffer>,
  argument = "module",
): Promise<KernelExports> {
  const compiled = module ?? (await WebAssembly.compile(binary()));
  const { exports } = await WebAssembly.instantiate(compiled, { env: { memory } });
  return checkContract(argument, exports);
}
