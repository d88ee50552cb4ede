import { describe, expect, it } from "vitest";
import { BatchNorm, batchStatistics, gradientSums, type Kernels, loadSync } from "../../src/index.js";

/** What a user forgot to dispose of comes back when it is collected as garbage. Needs Node's --expose-gc. */

const collect = globalThis.gc as () => Promise<void> | void;

/** Collects until `done`, for some rounds: finalizers run in tasks of their own, after the collection. */
async function collected(done: () => boolean): Promise<boolean> {
  for (let round = 0; round < 20 && !done(); round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return done();
}

const values = [1, 2, 3, 4, 5, 6];
const tensor = (kernels: Kernels) => kernels.tensor([3, 2], "NC", values);

describe("forgotten", () => {
  it.each<[string, (kernels: Kernels) => void]>([
    ["tensors", (kernels) => void tensor(kernels)],
    ["layers, with what they hold", (kernels) => void new BatchNorm(kernels, 2).forward(tensor(kernels))],
    ["statistics", (kernels) => void batchStatistics(tensor(kernels))],
    [
      "gradient sums",
      (kernels) => void gradientSums(tensor(kernels), tensor(kernels), batchStatistics(tensor(kernels))),
    ],
  ])("%s give their memory back", async (_, forget) => {
    const kernels = loadSync();
    for (let i = 0; i < 100; i++) forget(kernels);
    expect(kernels.bytesInUse).toBeGreaterThan(0);
    expect(await collected(() => kernels.bytesInUse === 0)).toBe(true);
  });

  it("nothing whose view is still in use", async () => {
    const kernels = loadSync();
    const view = (() => tensor(kernels).data)();
    const mean = (() => batchStatistics(tensor(kernels)).mean)();
    expect(await collected(() => kernels.bytesInUse === 128)).toBe(true);
    for (let i = 0; i < 100; i++) kernels.tensor([3, 2], "NC", [9, 9, 9, 9, 9, 9]);
    expect([...view]).toEqual(values);
    expect([...mean]).toEqual([3, 4]);
  });

  it("a layer keeps neither its last input, once that is disposed, nor a dx", async () => {
    const kernels = loadSync();
    const layer = new BatchNorm(kernels, 2);
    const references = (() => {
      const x = tensor(kernels);
      const { dx } = layer.backward(layer.forward(x));
      x.dispose();
      return [new WeakRef(x), new WeakRef(dx)];
    })();
    // A reference that is looked at is kept until the end of the task.
    await collected(() => false);
    expect(references.map((reference) => reference.deref())).toEqual([undefined, undefined]);
    expect(() => layer.backward(tensor(kernels))).toThrow("tensor was disposed");
  });

  it("a layer keeps its last input until its backward", async () => {
    const kernels = loadSync();
    const layer = new BatchNorm(kernels, 2);
    layer.forward(tensor(kernels));
    await collected(() => false);
    expect([...layer.backward(tensor(kernels)).dx.data].every(Number.isFinite)).toBe(true);
  });

  it("nothing twice: what was disposed of is not given back again", async () => {
    const kernels = loadSync();
    for (let i = 0; i < 100; i++) tensor(kernels).dispose();
    const kept = tensor(kernels);
    const { bytesInUse } = kernels;
    expect(await collected(() => kernels.bytesInUse !== bytesInUse)).toBe(false);
    expect([...kept.data]).toEqual(values);
  });
});
