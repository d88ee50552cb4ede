import { afterEach, describe, expect, it, vi } from "vitest";
import { loadFallback } from "../../src/fallback/index.js";
import { FallbackMemory } from "../../src/fallback/memory.js";
import { BatchNorm, instantiateKernels, type Kernels } from "../../src/index.js";

/** What is about the kernels in JavaScript alone. All other suites run over them in the project "fallback". */

/** Kernels as in an engine that has no WebAssembly, over a memory of their own kind. */
function loadWithoutWebAssembly(): Kernels {
  vi.stubGlobal("WebAssembly", undefined);
  return loadFallback();
}

const PAGE = 65536;
type Transfer = (this: ArrayBuffer, bytes: number) => ArrayBuffer;
const prototype = ArrayBuffer.prototype as { transfer?: Transfer };
const own = Object.getOwnPropertyDescriptor(prototype, "transfer");

function setTransfer(transfer: Transfer | undefined): void {
  Object.defineProperty(prototype, "transfer", { value: transfer, configurable: true, writable: true });
}

afterEach(() => {
  vi.unstubAllGlobals();
  if (own) Object.defineProperty(prototype, "transfer", own);
  else delete prototype.transfer;
});

const engines: [name: string, arrange: () => void, detaches: boolean][] = [
  [
    "transfer",
    () =>
      setTransfer(function (bytes) {
        const moved = new ArrayBuffer(bytes);
        new Uint8Array(moved).set(new Uint8Array(structuredClone(this, { transfer: [this] })));
        return moved;
      }),
    true,
  ],
  ["structuredClone", () => setTransfer(undefined), true],
  [
    "neither",
    () => {
      setTransfer(undefined);
      vi.stubGlobal("structuredClone", undefined);
    },
    false,
  ],
];

describe.each(engines)("growth in an engine with %s", (_, arrange, detaches) => {
  it("keeps the bytes, adds zeros, and detaches the old buffer where it can", () => {
    arrange();
    const memory = new FallbackMemory({ initial: 1, maximum: 4 });
    const before = new Uint8Array(memory.buffer).fill(7);
    expect(memory.grow(2)).toBe(1);
    expect(memory.buffer.byteLength).toBe(3 * PAGE);
    const bytes = new Uint8Array(memory.buffer);
    expect(bytes.subarray(0, PAGE).every((byte) => byte === 7)).toBe(true);
    expect(bytes.subarray(PAGE).every((byte) => byte === 0)).toBe(true);
    expect(before.length).toBe(detaches ? 0 : PAGE);
    expect(() => memory.grow(2)).toThrow(RangeError);
    expect(memory.buffer.byteLength).toBe(3 * PAGE);
    expect(memory.grow(1)).toBe(3);
  });

  it("leaves the library no stale view", () => {
    arrange();
    const kernels = loadWithoutWebAssembly();
    const layer = new BatchNorm(kernels, 2, { eps: 0 });
    const x = kernels.tensor([2, 2], "NC", [1, 10, 3, 30]);
    const y = kernels.tensor([2, 2], "NC");
    const stale = [x.data, y.data, layer.runningMean, layer.gamma?.data];
    const { buffer } = kernels.memory;
    kernels.tensor([2 ** 16], "C");
    expect(kernels.memory.buffer).not.toBe(buffer);
    x.data[0] = 5;
    layer.gamma?.data.fill(2);
    expect([...layer.forward(x, y).data]).toEqual([2, -2, -2, 2]);
    expect([...(layer.runningMean ?? [])]).toEqual([0.4, 2]);
    for (const view of [x.data, y.data, layer.runningMean, layer.gamma?.data]) {
      expect(view?.buffer).toBe(kernels.memory.buffer);
      expect(stale).not.toContain(view);
    }
  });
});

describe("ReLU", () => {
  it("passes dy by the sign of the y that was stored, which may have been rounded to 0", () => {
    const kernels = loadFallback();
    const layer = new BatchNorm(kernels, 1, { eps: 0, activation: "relu" }).eval();
    layer.gamma?.data.fill(2 ** -149);
    const x = kernels.tensor([3, 1], "NC", [0.5, 0.7, -0.7]);
    expect([...layer.forward(x).data]).toEqual([0, 2 ** -149, 0]);
    expect([...(layer.backward(kernels.tensor([3, 1], "NC", [1, 2, 4])).dbeta?.data ?? [])]).toEqual([2]);
  });
});

/** What posting a view to a worker does, with its buffer in the list of what is transferred. */
const transfer = (view: Float32Array) => structuredClone(view, { transfer: [view.buffer as ArrayBuffer] });

describe("the memory", () => {
  it("is a WebAssembly.Memory where there is one, up to a page less than 4 GiB", () => {
    const { memory } = loadFallback();
    expect(memory).toBeInstanceOf(WebAssembly.Memory);
    expect(() => memory.grow(65535)).toThrow(RangeError);
  });

  it("is one of its own kind elsewhere, which instantiateKernels does not take", () => {
    const { memory } = loadWithoutWebAssembly();
    vi.unstubAllGlobals();
    expect(memory).toBeInstanceOf(FallbackMemory);
    expect(() => instantiateKernels(memory as WebAssembly.Memory)).toThrow(
      '"memory" expected a WebAssembly.Memory, got FallbackMemory',
    );
    expect(() => new FallbackMemory({ initial: 65536 })).toThrow(RangeError);
    expect(() => memory.grow(65535)).toThrow(RangeError);
  });

  it("cannot be transferred where it is a WebAssembly.Memory, and loses nothing", () => {
    const kernels = loadFallback();
    const layer = new BatchNorm(kernels, 2, { eps: 0 });
    const x = kernels.tensor([2, 2], "NC", [1, 10, 3, 30]);
    // Engines refuse it; Node.js 20 copies.
    try {
      transfer(x.data);
    } catch (error) {
      expect((error as Error).name).toMatch(/^(TypeError|DataCloneError)$/);
    }
    expect([...x.data]).toEqual([1, 10, 3, 30]);
    expect([...layer.forward(x).data]).toEqual([-1, -1, 1, 1]);
  });

  it("says at the next use that it was transferred, where it could be", () => {
    const kernels = loadWithoutWebAssembly();
    const layer = new BatchNorm(kernels, 2, { eps: 0 });
    const x = kernels.tensor([2, 2], "NC", [1, 10, 3, 30]);
    const y = layer.forward(x);
    const { bytesInUse } = kernels;
    expect([...transfer(x.data).subarray(0, 4)]).toEqual([1, 10, 3, 30]);
    const uses = [
      () => x.data,
      () => layer.runningMean,
      () => layer.forward(x),
      () => layer.forward(x, y),
      () => layer.backward(y),
      () => layer.stateDict(),
      () => new BatchNorm(kernels, 2),
      () => kernels.tensor([2, 2], "NC", [5, 6, 7, 8]),
      () => kernels.tensor([2 ** 20], "C"),
      () => kernels.memory.buffer,
    ];
    const message = /^the memory of these kernels was transferred .* every tensor went with it: load new kernels/;
    for (const use of uses) expect(use).toThrow(expect.objectContaining({ message: expect.stringMatching(message) }));
    expect(kernels.bytesInUse).toBe(bytesInUse);
    for (const each of [x, y, layer]) each.dispose();
    expect(kernels.bytesInUse).toBe(0);
  });
});
