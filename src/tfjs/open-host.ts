import type { KernelBackend } from "@tensorflow/tfjs-core";
import type { KernelExports } from "../exports.js";
import { memoryOf as newMemory } from "../instantiate.js";
import { type Implementation, instantiateKernels, instantiateKernelsAsync } from "../load.js";
import { CopyingHost } from "./copying-host.js";
import type { Host } from "./host.js";
import { memoryOf, type WasmBackend, ZeroCopyHost } from "./zero-copy-host.js";

/**
 * The way to compute batch normalization on a backend: by the kernels, with or without copies, or by operations of
 * TensorFlow.js.
 */
export type How = "zero copy" | "copies" | "operations";

export interface Opened {
  /** The host; null if operations compute. */
  readonly host: Host | null;
  readonly how: How;
  /** The reason, in words for the user. */
  readonly reason: string;
}

/** The kernels in JavaScript, after their import. */
let implementFallback: ((pages: number) => Implementation) | null = null;
/** Tells whether the console has the warning that WebAssembly does not compute. */
let told = false;

/**
 * Opens the host of a backend synchronously. If the engine refuses that, operations compute.
 * @param opensLater whether the caller then opens the host off the thread; the reason says so
 */
export function openHost(backend: object, opensLater: boolean): Opened {
  try {
    const { memory, over } = placeFor(backend);
    return over(instantiateKernels(memory));
  } catch (error) {
    const remedy = opensLater
      ? "the kernels follow as soon as they are compiled"
      : "call `await install(tf)`, which makes it faster";
    return withoutWebAssembly(backend, error, remedy);
  }
}

/** Opens the host of a backend off the calling thread. Without WebAssembly it has the kernels in JavaScript. */
export async function openHostAsync(backend: object): Promise<Opened> {
  try {
    const { memory, over } = placeFor(backend);
    return over(await instantiateKernelsAsync(memory));
  } catch (error) {
    try {
      ({ implementFallback } = await import("../fallback/fallback-kernels.js"));
    } catch {} // Operations compute.
    return withoutWebAssembly(backend, error, "the kernels in JavaScript could not be imported");
  }
}

/** Returns a memory that has the backend's tensors, or that they are copied to, and the host for kernels over it. */
function placeFor(backend: object): { memory: WebAssembly.Memory; over(kernels: KernelExports): Opened } {
  const heap = memoryOf(backend);
  if (heap !== null) {
    const reason = "the kernels work in the memory of the backend";
    const over = (kernels: KernelExports): Opened => {
      return { host: new ZeroCopyHost(backend as WasmBackend, heap, kernels), how: "zero copy", reason };
    };
    return { memory: heap, over };
  }
  const memory = newMemory(1);
  const over = (exports: KernelExports): Opened => {
    const host = new CopyingHost(backend as KernelBackend, { exports, memory });
    const reason = host.hasHeap
      ? "the memory of the backend is out of reach: this build of TensorFlow.js hides it"
      : "the tensors of the backend are arrays of JavaScript, outside of the kernels' memory";
    return { host, how: "copies", reason };
  };
  return { memory, over };
}

/** `remedy` is the advice for the case that operations compute because the kernels in JavaScript are missing. */
function withoutWebAssembly(backend: object, error: unknown, remedy: string): Opened {
  const cause = causeOf(error);
  if (implementFallback !== null) {
    warnOnce(`in JavaScript, several times slower, because ${cause}`);
    const host = new CopyingHost(backend as KernelBackend, implementFallback(1));
    return { host, how: "copies", reason: `the kernels run in JavaScript, because ${cause}` };
  }
  const reason = `${cause}; ${remedy}`;
  warnOnce(`in operations of TensorFlow.js, because ${reason}`);
  return { host: null, how: "operations", reason };
}

function warnOnce(how: string): void {
  if (!told) console.warn(`batchnorm-wasm: batch normalization is computed ${how}.`);
  told = true;
}

/**
 * Returns the reason why there are no kernels in WebAssembly. Errors of this package end with a remedy, which differs
 * here, so it is cut off.
 */
function causeOf(error: unknown): string {
  if (typeof WebAssembly === "undefined") return "this engine has no WebAssembly";
  const { reason, message } = error as Error & { reason?: string };
  return reason ?? message.replace(/\.$/, "");
}
