/** Why WebAssembly cannot be had here, in words that name the remedy. */

/** For which `load({ fallback: "js" })` takes the kernels in JavaScript. */
export class Unavailable extends Error {}

const REMEDY = 'load({ fallback: "js" }) computes in JavaScript';

/** Hermes has no such global, nor have browsers in a lockdown mode. */
export function assertWebAssembly(): void {
  if (typeof WebAssembly === "undefined") throw new Unavailable(`this engine has no WebAssembly: ${REMEDY}`);
}

export function withoutSimd(): Unavailable {
  return new Unavailable(`this engine has no WebAssembly SIMD: ${REMEDY}`);
}

/**
 * What an error on the way to an instance is to the caller. The binary is valid, so that where it does not compile it was
 * refused: Chromium, Firefox, Node.js and Workers throw a CompileError, Safari an EvalError, by their names, since they may
 * be of another realm. Anything else, such as a RangeError for want of memory, is what it is.
 */
export function explained(error: unknown): unknown {
  const { name } = error as Error;
  if (name !== "CompileError" && name !== "EvalError") return error;
  return new Unavailable(
    "WebAssembly was refused by the page's content security policy or by the host: " +
      `add 'wasm-unsafe-eval' to script-src, pass "module" where the host compiles it (Workers), or ${REMEDY}`,
    { cause: error },
  );
}
