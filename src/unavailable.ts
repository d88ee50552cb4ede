import { unfit } from "./errors.js";

/** Errors of hosts that refuse WebAssembly. Each message names the remedy. */

/**
 * An error after which `load({ fallback: "js" })` uses the kernels in JavaScript. The message is the reason, a colon
 * and the remedy.
 */
export class Unavailable extends Error {
  get reason(): string {
    return this.message.slice(0, this.message.indexOf(": "));
  }
}

const REMEDY = 'load({ fallback: "js" }) computes in JavaScript';

/** Hermes and browsers in a lockdown mode do not have this global. */
export function assertWebAssembly(): void {
  if (typeof WebAssembly === "undefined") throw new Unavailable(`this engine has no WebAssembly: ${REMEDY}`);
}

export function withoutSimd(): Unavailable {
  return new Unavailable(`this engine has no WebAssembly SIMD: ${REMEDY}`);
}

/** `error` is the host's error, a RangeError in most hosts. The arguments are valid. */
export function refusedMemory(bytes: number, error: unknown): Unavailable {
  return new Unavailable(
    `the host refused a WebAssembly memory of ${bytes} bytes, for which engines reserve several GiB of addresses: ` +
      `raise its limit of virtual memory, start Node.js with --disable-wasm-trap-handler, or ${REMEDY}`,
    { cause: error },
  );
}

/**
 * Turns an error during instantiation into the one that the caller sees. The binary is valid, so an error of
 * compilation is a refusal: a CompileError in Chromium, Firefox, Node.js and Workers, an EvalError in Safari. Errors
 * are compared by name, because they may be of another realm. The binary links with every memory of its kind, so a
 * LinkError is about the caller's module. Other errors stay.
 */
export function explained(error: unknown): unknown {
  const { name } = error as Error;
  if (name === "LinkError") {
    const expected = "that of batchnorm-shared.wasm for a shared memory, of batchnorm.wasm for any other";
    return unfit("module", expected, "one that does not fit the memory");
  }
  if (name !== "CompileError" && name !== "EvalError") return error;
  return new Unavailable(
    "WebAssembly was refused by the page's content security policy or by the host: " +
      `add 'wasm-unsafe-eval' to script-src, pass "module" where the host compiles it (Workers), or ${REMEDY}`,
    { cause: error },
  );
}
