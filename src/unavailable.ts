import { unfit } from "./errors.js";

/** Why WebAssembly cannot be had here, in words that name the remedy. */

/** For which `load({ fallback: "js" })` takes the kernels in JavaScript. The message is the reason, a colon and the remedy. */
export class Unavailable extends Error {
  get reason(): string {
    return this.message.slice(0, this.message.indexOf(": "));
  }
}

const REMEDY = 'load({ fallback: "js" }) computes in JavaScript';

/** Hermes has no such global, nor have browsers in a lockdown mode. */
export function assertWebAssembly(): void {
  if (typeof WebAssembly === "undefined") throw new Unavailable(`this engine has no WebAssembly: ${REMEDY}`);
}

export function withoutSimd(): Unavailable {
  return new Unavailable(`this engine has no WebAssembly SIMD: ${REMEDY}`);
}

/** `error`: what the host said, which is a RangeError in most. The arguments are valid. */
export function refusedMemory(bytes: number, error: unknown): Unavailable {
  return new Unavailable(
    `the host refused a WebAssembly memory of ${bytes} bytes, for which engines reserve several GiB of addresses: ` +
      `raise its limit of virtual memory, start Node.js with --disable-wasm-trap-handler, or ${REMEDY}`,
    { cause: error },
  );
}

/**
 * What an error on the way to an instance is to the caller. The binary is valid, so that where it does not compile it was
 * refused: Chromium, Firefox, Node.js and Workers throw a CompileError, Safari an EvalError, by their names, since they may
 * be of another realm. The binary links with every memory of its kind, so a LinkError is about the module that was given.
 * Anything else is what it is.
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
