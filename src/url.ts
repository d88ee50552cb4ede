/**
 * The package without the binary inside: `load` fetches it from beside this file. Names and types are those of the main
 * entry, without `loadSync` and `instantiateKernels`. Objects of one entry can be used with the other.
 */
import { wrongType } from "./errors.js";
import { instantiateLater, memoryOf } from "./instantiate.js";
import { KernelInstance, type Kernels } from "./kernels.js";
import { checkLoadOptions, type LoadOptions } from "./load-options.js";
import { isA } from "./realms.js";
import { assertWebAssembly, explained } from "./unavailable.js";

export * from "./core.js";

export interface UrlLoadOptions extends Pick<LoadOptions, "initialBytes"> {
  /** The address of the binary. Default: `batchnorm.wasm` beside this file. */
  url?: string | URL | undefined;
}

const OPTIONS: readonly (keyof UrlLoadOptions)[] = ["url", "initialBytes"];

/**
 * Fetches and compiles the binary and instantiates it with its own memory.
 * @throws TypeError, RangeError for a wrong option; Error if the binary is not at its address, or if the engine has no
 * WebAssembly SIMD, refuses to compile or refuses the memory
 */
export async function load(options: UrlLoadOptions = {}): Promise<Kernels> {
  const { pages } = checkLoadOptions(options, OPTIONS);
  const { url = new URL("./batchnorm.wasm", import.meta.url) } = options;
  if (typeof url !== "string" && !isA("URL", url)) throw wrongType("url", "a string or a URL", url);
  assertWebAssembly();
  const binary = await binaryAt(url);
  try {
    const memory = memoryOf(pages);
    return new KernelInstance(await instantiateLater(memory, undefined, () => binary, "url"), memory, "wasm");
  } catch (error) {
    throw explained(error);
  }
}

/** Returns the bytes at an address. For a file it uses Node.js, because `fetch` does not accept files there. */
async function binaryAt(url: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const address = new URL(url, typeof location === "undefined" ? undefined : location.href);
  const bytes = address.protocol === "file:" ? await fileAt(address) : await responseAt(address);
  // A server that answers every address with a page is the most common mistake.
  const [zero, a, s, m] = bytes;
  if (!(zero === 0x00 && a === 0x61 && s === 0x73 && m === 0x6d)) {
    const start = new TextDecoder().decode(bytes.subarray(0, 20));
    throw new Error(`"url" expected the binary at ${address}, got something that begins with ${JSON.stringify(start)}`);
  }
  return bytes;
}

async function responseAt(address: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`"url" expected the binary at ${address}, got status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

interface FileSystem {
  readFile(path: URL): Promise<Uint8Array>;
}

async function fileAt(address: URL): Promise<Uint8Array<ArrayBuffer>> {
  // An import of `node:` modules would fail in bundlers for pages.
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): FileSystem } };
  const files = process?.getBuiltinModule?.("node:fs/promises");
  if (files === undefined) return responseAt(address);
  return Uint8Array.from(await files.readFile(address));
}
