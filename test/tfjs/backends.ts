/** What the suites of the adapter share in Node.js: TensorFlow.js on the three hosts. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach } from "vitest";
import { releaseHosts } from "../../src/tfjs/hosts.js";
import { uninstall } from "../../src/tfjs/index.js";

export * from "./problem.js";

const manifest = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
setWasmPaths(join(dirname(manifest), "wasm-out", "/"));
tf.env().set("PROD", true); // no greeting

/** Where the kernels work: in the wasm backend's memory, beside it, or beside the cpu backend. */
export const hosts = ["zero-copy", "copying", "cpu"] as const;
export type HostName = (typeof hosts)[number];
export const backends = ["cpu", "wasm"] as const;

export interface WasmModule {
  asm: Record<string, unknown>;
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

export function wasmModule(): WasmModule {
  return (tf.backend() as unknown as { wasm: WasmModule }).wasm;
}

export function wasmMemory(): WebAssembly.Memory {
  return wasmModule().asm.memory as WebAssembly.Memory;
}

/** Of each module, what it exports besides the memory. */
const exported = new WeakMap<WasmModule, Record<string, unknown>>();

/** Makes a backend current, with its memory out of the adapter's reach for "copying". */
export async function useHost(name: HostName): Promise<void> {
  await tf.setBackend(name === "cpu" ? "cpu" : "wasm");
  releaseHosts();
  if (name === "cpu") return;
  const module = wasmModule();
  if (!exported.has(module)) exported.set(module, module.asm);
  const { memory, ...hidden } = exported.get(module) as Record<string, unknown>;
  module.asm = name === "copying" ? hidden : { ...hidden, memory };
}

/** Each test on a backend, in a scope of its own, with nothing installed after it. */
export function eachOn(backend: string): void {
  beforeEach(async () => {
    await tf.setBackend(backend);
    tf.engine().startScope();
  });
  afterEach(() => {
    tf.engine().endScope();
    uninstall();
  });
}
