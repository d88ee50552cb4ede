import { describe, expect, it } from "vitest";
import { BatchNorm, batchStatistics, type Layout, loadSync } from "../../src/index.js";
import type { KernelInstance } from "../../src/kernels.js";
import { Allocator } from "../../src/memory.js";
import type { FloatTensor } from "../../src/tensor.js";
import { loadKernels, memoryOf } from "../helpers/backend.js";
import { random } from "../helpers/random.js";

const PAGE = 65536;

describe("the allocator", () => {
  it("aligns to 64 bytes, never hands out address 0, and blocks never overlap", () => {
    const next = random(5).uniform;
    const allocator = new Allocator(memoryOf({ initial: 1 }));
    const live = new Map<number, number>();
    for (let i = 0; i < 5000; i++) {
      if (live.size > 20 || (live.size > 0 && next() < 0.4)) {
        const [address, bytes] = [...live][Math.floor(next() * live.size)];
        allocator.free(address, bytes);
        live.delete(address);
      } else {
        const bytes = Math.floor(next() ** 3 * 50000);
        const address = allocator.allocate(bytes);
        expect(address % 64).toBe(0);
        expect(address).toBeGreaterThan(0);
        expect(address + bytes).toBeLessThanOrEqual(allocator.memory.buffer.byteLength);
        for (const [other, size] of live) expect(address + bytes <= other || other + size <= address).toBe(true);
        live.set(address, Math.max(bytes, 1));
      }
    }
    for (const [address, bytes] of live) allocator.free(address, bytes);
    expect(allocator.bytesInUse).toBe(0);
  });

  it("joins what is given back, whatever the order", () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 0, 2],
    ]) {
      const allocator = new Allocator(memoryOf({ initial: 1 }));
      const blocks = [0, 1, 2].map(() => allocator.allocate(1000));
      const guard = allocator.allocate(64);
      for (const i of order) allocator.free(blocks[i], 1000);
      expect(allocator.allocate(3 * 1024)).toBe(blocks[0]);
      allocator.free(guard, 64);
    }
  });

  it("takes the lowest gap that fits, among thousands", () => {
    const next = random(17).uniform;
    const allocator = new Allocator(memoryOf({ initial: 1 }));
    /** Whether each 64 bytes of the memory are in use: the plainest allocator there is. */
    const used: boolean[] = [true];
    const plain = (units: number) => {
      let from = 1;
      for (let i = from; i < from + units; i++) if (used[i]) from = i + 1;
      used.fill(true, from, from + units);
      for (let i = from; i < from + units; i++) used[i] = true;
      return from * 64;
    };
    const live: [address: number, units: number][] = [];
    for (let i = 0; i < 20_000; i++) {
      if (live.length > 4000 || (live.length > 0 && next() < 0.3)) {
        const at = Math.floor(next() * live.length);
        const [address, units] = live[at];
        live[at] = live[live.length - 1];
        live.pop();
        allocator.free(address, 64 * units);
        used.fill(false, address / 64, address / 64 + units);
      } else {
        const units = 1 + Math.floor(next() ** 4 * 8);
        const address = allocator.allocate(64 * units);
        expect(address).toBe(plain(units));
        live.push([address, units]);
      }
    }
    expect(allocator.bytesInUse).toBe(64 * live.reduce((sum, [, units]) => sum + units, 0));
  });

  it("says so when the engine refuses to grow, and nothing is lost", () => {
    const memory = memoryOf({ initial: 1, maximum: 3 });
    const allocator = new Allocator(memory);
    const first = allocator.allocate(1000);
    expect(() => allocator.allocate(3 * PAGE)).toThrow(
      new RangeError(`out of memory: ${3 * PAGE} bytes more than the 1024 in use were refused`),
    );
    expect(allocator.bytesInUse).toBe(1024);
    // Two pages more are still to be had, although an eighth on top of them is not.
    const second = allocator.allocate(3 * PAGE - 2048);
    expect(second).toBe(first + 1024);
  });
});

describe("growth", () => {
  it("leaves older views empty, and the tensor's own are made again with the values kept", () => {
    const kernels = loadKernels();
    const tensor = kernels.tensor([2, 3], "NC", [1, 2, 3, 4, 5, 6]);
    const stale = tensor.data;
    expect(tensor.data).toBe(stale);
    kernels.tensor([2 ** 20], "C");
    expect(stale.length).toBe(0);
    expect([...tensor.data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("inside a forward and a backward does not reach the library's own views", () => {
    const expected = loadKernels({ initialBytes: 2 ** 24 });
    const growing = loadKernels();
    const shape = [3, 16, 60, 60];
    const values = Float32Array.from({ length: 3 * 16 * 3600 }, (_, i) => Math.sin(i * i));
    const results = [expected, growing].map((kernels) => {
      const layer = new BatchNorm(kernels, 16);
      const x = kernels.tensor(shape, "NCHW", values);
      const pages = kernels.memory.buffer.byteLength;
      const y = layer.forward(x);
      const { dx, dgamma, dbeta } = layer.backward(y);
      const statistics = batchStatistics(x);
      return {
        grew: kernels.memory.buffer.byteLength > pages,
        values: [y.data, dx.data, dgamma?.data, dbeta?.data, layer.runningMean, layer.runningVar, statistics.mean],
      };
    });
    expect(results.map(({ grew }) => grew)).toEqual([false, true]);
    expect(results[1].values).toEqual(results[0].values);
  });

  it("does not happen in 100,000 steps of changing shapes once the largest has been seen", () => {
    const kernels = loadKernels();
    const layer = new BatchNorm(kernels, 4);
    const next = random(11).uniform;
    const layouts: Layout[] = ["NC", "NCL", "NHWC"];
    const step = (batch: number, spatial: number, layout: Layout) => {
      const shape = { NC: [batch, 4], NCL: [batch, 4, spatial], NHWC: [batch, spatial, 1, 4] }[layout as "NC"];
      const x = kernels.tensor(shape, layout);
      const y = layer.forward(x);
      const { dx } = layer.backward(y);
      for (const tensor of [dx, x, y]) tensor.dispose();
    };
    for (const layout of layouts) step(9, 33, layout);
    const bytes = kernels.memory.buffer.byteLength;
    const inUse = kernels.bytesInUse;
    for (let i = 0; i < 100_000; i++) {
      step(2 + Math.floor(next() * 8), 1 + Math.floor(next() * 33), layouts[i % 3]);
    }
    expect(kernels.memory.buffer.byteLength).toBe(bytes);
    expect(kernels.bytesInUse).toBe(inUse);
  });
});

describe("addresses above 2 GiB", () => {
  it("are as good as any: tensors, a layer and statistics there", () => {
    const shape = [3, 5, 7];
    const values = Float32Array.from({ length: 105 }, (_, i) => Math.sin(i * i));
    const results = [2 ** 31 + 2 ** 16, 0].map((below) => {
      const kernels = loadSync({ initialBytes: below + 2 ** 20 }) as KernelInstance;
      // Never touched, so that the machine need not have it.
      if (below > 0) kernels.allocator.allocate(below);
      const x = kernels.tensor(shape, "NCL", values);
      expect((x as FloatTensor).address > 2 ** 31).toBe(below > 0);
      const layer = new BatchNorm(kernels, 5, { activation: "relu" });
      const y = layer.forward(x);
      const { dx, dgamma, dbeta } = layer.backward(y);
      const { mean, variance } = batchStatistics(x);
      return [y.data, dx.data, dgamma?.data, dbeta?.data, layer.runningMean, mean, variance];
    });
    expect(results[0]).toEqual(results[1]);
  });
});
