import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { installKernels } from "../../src/tfjs/kernels/register.js";
import { tf, wasmModule } from "./backends.js";
import { startWasm } from "./conv-support.js";

const MARGIN = 256;
const CANARY = 0x5a;
/** NaN as float32, out of every range as int32. */
const UNWRITTEN = 0xff;

/**
 * From here on each tensor of the wasm backend lies between canaries, and holds NaN until it is written. The result checks
 * all canaries and puts the heap's functions back.
 */
export function guardHeap(): () => void {
  const module = wasmModule();
  module._free(module._malloc(1)); // the first call puts another function in its place
  const { _malloc, _free } = module;
  const sizes = new Map<number, number>();
  const broken: string[] = [];
  const check = (address: number) => {
    const bytes = sizes.get(address) as number;
    const margins = [module.HEAPU8.subarray(address - MARGIN, address)];
    margins.push(module.HEAPU8.subarray(address + bytes, address + bytes + MARGIN));
    if (margins.some((margin) => margin.some((byte) => byte !== CANARY))) broken.push(`around ${bytes} bytes`);
  };
  module._malloc = (bytes) => {
    const start = _malloc(bytes + 2 * MARGIN) >>> 0;
    module.HEAPU8.fill(CANARY, start, start + bytes + 2 * MARGIN);
    module.HEAPU8.fill(UNWRITTEN, start + MARGIN, start + MARGIN + bytes);
    sizes.set(start + MARGIN, bytes);
    return start + MARGIN;
  };
  module._free = (address) => {
    if (!sizes.has(address)) return _free(address);
    check(address);
    sizes.delete(address);
    _free(address - MARGIN);
  };
  return () => {
    for (const address of sizes.keys()) check(address);
    // What is still in use stays, and is freed where it begins.
    module._malloc = _malloc;
    module._free = (address) => {
      if (!sizes.delete(address)) return _free(address);
      _free(address - MARGIN);
    };
    expect(broken).toEqual([]);
  };
}

/** The tests of a file run on wasm with our kernels, all tensors between canaries, and leave no tensor behind. */
export function kernelsBetweenCanaries(): void {
  let undo: () => void;
  let check: () => void;
  beforeAll(async () => {
    await startWasm();
    undo = installKernels(tf);
  });
  afterAll(() => undo());
  beforeEach(() => {
    check = guardHeap();
    tf.engine().startScope();
  });
  afterEach(() => {
    tf.engine().endScope();
    check();
  });
}
