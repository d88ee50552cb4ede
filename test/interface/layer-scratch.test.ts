import { describe, expect, it, vi } from "vitest";
import { BatchNorm, batchStatistics } from "../../src/index.js";
import { KernelInstance } from "../../src/kernels.js";
import { backend, kernelsIn, memoryOf } from "../helpers/backend.js";

/** The one scratch of all layers in a memory. */

const PAGE = 65536;
/** More than any kernels begin with. */
const WIDE = 8192;

/** Kernels in a memory of their own, and how often they were asked for the size of a scratch. */
function counted(maximum: number) {
  const memory = memoryOf({ initial: 1, maximum });
  const exports = kernelsIn(memory);
  const scratchBytes = vi.fn(exports.scratchBytes);
  return { kernels: new KernelInstance({ ...exports, scratchBytes }, memory, backend), scratchBytes };
}

describe("the scratch", () => {
  it("is asked for once per tensor, and not for what is like a tensor", () => {
    const { kernels, scratchBytes } = counted(1024);
    const layer = new BatchNorm(kernels, 8);
    const [x, y, dx] = [0, 1, 2].map(() => kernels.tensor([4, 8], "NC"));
    const step = () => {
      layer.forward(x, y);
      layer.backward(y, dx);
      layer.forward(y, dx);
      layer.forward(layer.forward(x)).dispose();
      batchStatistics(y).dispose();
    };
    step();
    const calls = scratchBytes.mock.calls.length;
    step();
    step();
    expect(scratchBytes).toHaveBeenCalledTimes(calls);
    // One for what kernels begin with.
    expect(calls).toBe(2);
    layer.forward(kernels.tensor([5, 8], "NC"));
    expect(scratchBytes).toHaveBeenLastCalledWith(5, 8, 1);
    expect(scratchBytes).toHaveBeenCalledTimes(calls + 1);
  });

  it("grows where it must, and belongs to no tensor", () => {
    const { kernels } = counted(1024);
    const before = kernels.scratch;
    const bytes = kernels.exports.scratchBytes(2, WIDE, 1) >>> 0;
    batchStatistics(kernels.tensor([2, WIDE], "NC")).dispose();
    expect(kernels.scratch).not.toBe(before);
    expect(kernels.scratch + bytes).toBeLessThanOrEqual(kernels.memory.buffer.byteLength);
    const { scratch } = kernels;
    const tensors = Array.from({ length: 20 }, () => kernels.tensor([2, 64], "NC"));
    for (const { address, length } of tensors as { address: number; length: number }[] & typeof tensors) {
      expect(address + 4 * length <= scratch || address >= scratch + bytes).toBe(true);
    }
    batchStatistics(kernels.tensor([2, 8], "NC")).dispose();
    expect(kernels.scratch).toBe(scratch);
  });

  it("that is refused changes nothing", () => {
    const least = counted(1024).kernels.memory.buffer.byteLength / PAGE;
    const { kernels } = counted(least + 60);
    const layer = new BatchNorm(kernels, WIDE);
    const x = kernels.tensor([2, WIDE], "NC");
    // All that is left, in blocks of a page.
    const blocks = [];
    try {
      for (;;) blocks.push(kernels.tensor([PAGE / 4], "C"));
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
    const state = () => [kernels.bytesInUse, kernels.scratch, layer.numBatchesTracked, layer.stateDict()];
    const before = state();
    expect(() => layer.forward(x, x)).toThrow(/^out of memory/);
    expect(() => layer.backward(x)).toThrow("backward needs a forward before it");
    expect(state()).toEqual(before);
    for (const block of blocks) block.dispose();
    layer.forward(x, x);
    expect(layer.numBatchesTracked).toBe(1);
  });
});
