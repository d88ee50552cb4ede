import { describe, expect, it } from "vitest";
import type { BatchNorm, Tensor } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { layerWith, noise, shape } from "../helpers/small-layer.js";

/** Copies of all that a backward pass gives. */
function gradients(layer: BatchNorm, dy: Tensor): Float32Array[] {
  const { dx, dgamma, dbeta } = layer.backward(dy);
  return [dx, dgamma, dbeta].map((tensor) => tensor?.data.slice() ?? new Float32Array());
}

describe("forward", () => {
  it("gives a new tensor like x, or out", () => {
    const layer = layerWith();
    const x = noise(1);
    const y = layer.forward(x);
    expect(y).not.toBe(x);
    expect(y.shape).toEqual(shape);
    expect(y.layout).toBe("NCL");
    const out = kernels.tensor(shape, "NCL");
    expect(layer.forward(x, out)).toBe(out);
    expect(out.data).toEqual(y.data);
  });

  it("leaves x as it is", () => {
    const x = noise(1);
    const before = x.data.slice();
    layerWith().forward(x);
    expect(x.data).toEqual(before);
  });

  it.each(["train", "eval"] as const)("in place gives the same bits (%s)", (mode) => {
    const layer = layerWith()[mode]();
    const x = noise(2);
    const y = layer.forward(x).data.slice();
    expect(layer.forward(x, x)).toBe(x);
    expect(x.data).toEqual(y);
  });
});

describe("backward", () => {
  it("gives a new tensor like x, or out", () => {
    const layer = layerWith();
    layer.forward(noise(1));
    const dy = noise(2);
    const { dx } = layer.backward(dy);
    expect(dx.shape).toEqual(shape);
    expect(dx.layout).toBe("NCL");
    const out = kernels.tensor(shape, "NCL");
    expect(layer.backward(dy, out).dx).toBe(out);
    expect(out.data).toEqual(dx.data);
  });

  it("leaves x and dy as they are", () => {
    const layer = layerWith();
    const [x, dy] = [noise(1), noise(2)];
    const before = [x.data.slice(), dy.data.slice()];
    layer.forward(x);
    layer.backward(dy);
    expect([x.data, dy.data]).toEqual(before);
  });

  it.each(["train", "eval"] as const)("in place of dy gives the same bits (%s)", (mode) => {
    const layer = layerWith()[mode]();
    layer.forward(noise(1));
    const dy = noise(2);
    const expected = gradients(layer, dy);
    const { dx, dgamma, dbeta } = layer.backward(dy, dy);
    expect(dx).toBe(dy);
    expect([dx.data, dgamma?.data, dbeta?.data]).toEqual(expected);
  });

  it("before any forward is refused", () => {
    expect(() => layerWith().backward(noise(1))).toThrow(new Error("backward needs a forward before it"));
  });

  it("after an in-place forward is refused, until the next forward", () => {
    const layer = layerWith();
    const x = noise(1);
    layer.forward(x, x);
    expect(() => layer.backward(noise(2))).toThrow(
      new Error('backward needs the input of forward, which "out" overwrote'),
    );
    layer.forward(x);
    expect(() => layer.backward(noise(2))).not.toThrow();
  });

  it("a second time gives the same bits", () => {
    const layer = layerWith();
    layer.forward(noise(1));
    const dy = noise(2);
    const first = gradients(layer, dy);
    expect(gradients(layer, dy)).toEqual(first);
  });

  it("a second time with another dy overwrites dgamma and dbeta, which belong to the layer", () => {
    const layer = layerWith();
    layer.forward(noise(1));
    const first = layer.backward(noise(2));
    const before = [first.dgamma?.data.slice(), first.dbeta?.data.slice()];
    const second = layer.backward(noise(3));
    expect(second.dgamma).toBe(first.dgamma);
    expect(second.dbeta).toBe(first.dbeta);
    expect(first.dgamma?.data).not.toEqual(before[0]);
    expect(first.dbeta?.data).not.toEqual(before[1]);
  });

  it("after x was disposed is refused", () => {
    const layer = layerWith();
    const x = noise(1);
    layer.forward(x);
    x.dispose();
    expect(() => layer.backward(noise(2))).toThrow(new Error("tensor was disposed"));
  });

  it.each([
    ["train", "eval"],
    ["eval", "train"],
  ] as const)("belongs to the last forward (%s), whatever the mode is now (%s)", (mode, later) => {
    const layer = layerWith()[mode]();
    const dy = noise(2);
    layer.forward(noise(1));
    const expected = gradients(layer, dy);
    layer[later]();
    expect(gradients(layer, dy)).toEqual(expected);
  });

  it("uses the statistics of its forward, though the running statistics have changed since", () => {
    const layer = layerWith().eval();
    const dy = noise(2);
    layer.forward(noise(1));
    const expected = gradients(layer, dy);
    layer.runningMean?.fill(5);
    layer.runningVar?.fill(9);
    expect(gradients(layer, dy)).toEqual(expected);
  });

  it("still belongs to the last good forward after one that was refused", () => {
    const layer = layerWith();
    const dy = noise(2);
    layer.forward(noise(1));
    const expected = gradients(layer, dy);
    expect(() => layer.forward(kernels.tensor([2, 4], "NC"))).toThrow(RangeError);
    expect(gradients(layer, dy)).toEqual(expected);
  });

  it("works after the memory has grown since forward", () => {
    const layer = layerWith();
    const dy = noise(2);
    layer.forward(noise(1));
    const expected = gradients(layer, dy);
    const large = kernels.tensor([kernels.memory.buffer.byteLength / 4 + 1, 1], "NC");
    expect(gradients(layer, dy)).toEqual(expected);
    large.dispose();
  });

  it("two layers do not share what a forward leaves for it", () => {
    const [first, second] = [layerWith(), layerWith({ eps: 0.5 })];
    const dy = noise(3);
    first.forward(noise(1));
    const expected = gradients(first, dy);
    second.forward(noise(2));
    gradients(second, noise(4));
    expect(gradients(first, dy)).toEqual(expected);
  });
});

describe("memory", () => {
  it("a step with out allocates nothing", () => {
    const layer = layerWith();
    const [x, y, dy, dx] = [noise(1), noise(2), noise(3), noise(4)];
    layer.forward(x, y);
    layer.backward(dy, dx);
    const before = kernels.bytesInUse;
    for (const mode of ["train", "eval"] as const) {
      layer[mode]();
      layer.forward(x, y);
      layer.backward(dy, dx);
    }
    expect(kernels.bytesInUse).toBe(before);
  });

  it("a step without out allocates y and dx only, rounded up to 64 bytes", () => {
    const layer = layerWith();
    const [x, dy] = [noise(1), noise(3)];
    layer.forward(x).dispose();
    layer.backward(dy).dx.dispose();
    const before = kernels.bytesInUse;
    const y = layer.forward(x);
    const { dx } = layer.backward(dy);
    const used = kernels.bytesInUse - before;
    expect(used).toBeGreaterThanOrEqual(2 * 60 * 4);
    expect(used).toBeLessThanOrEqual(2 * 64 * Math.ceil((60 * 4) / 64));
    y.dispose();
    dx.dispose();
    expect(kernels.bytesInUse).toBe(before);
  });

  it("dispose gives everything back, and may be repeated", () => {
    const [x, dy] = [noise(1), noise(2)];
    const run = () => {
      const layer = layerWith();
      layer.forward(x).dispose();
      layer.backward(dy).dx.dispose();
      layer.dispose();
      layer.dispose();
    };
    run();
    const before = kernels.bytesInUse;
    run();
    expect(kernels.bytesInUse).toBe(before);
  });

  it("a disposed layer is refused", () => {
    const layer = layerWith();
    const x = noise(1);
    layer.forward(x);
    layer.dispose();
    expect(() => layer.forward(x)).toThrow(new Error("layer was disposed"));
    expect(() => layer.backward(x)).toThrow(new Error("layer was disposed"));
    expect(() => layer.stateDict()).toThrow(new Error("layer was disposed"));
    expect(() => layer.loadStateDict({})).toThrow(new Error("layer was disposed"));
  });

  it("a layer whose gamma was disposed is refused, and changes nothing", () => {
    const layer = layerWith();
    const x = noise(1);
    const before = [layer.numBatchesTracked, layer.runningMean?.slice(), layer.runningVar?.slice()];
    layer.gamma?.dispose();
    const bytes = kernels.bytesInUse;
    expect(() => layer.forward(x)).toThrow(new Error("tensor was disposed"));
    expect([layer.numBatchesTracked, layer.runningMean, layer.runningVar]).toEqual(before);
    expect(kernels.bytesInUse).toBe(bytes);
  });

  it("a disposed tensor is refused, and may be disposed of again", () => {
    const layer = layerWith();
    const [x, gone] = [noise(1), noise(2)];
    gone.dispose();
    gone.dispose();
    expect(() => gone.data).toThrow(new Error("tensor was disposed"));
    expect(() => layer.forward(gone)).toThrow(new Error("tensor was disposed"));
    expect(() => layer.forward(x, gone)).toThrow(new Error("tensor was disposed"));
    layer.forward(x);
    expect(() => layer.backward(gone)).toThrow(new Error("tensor was disposed"));
    expect(() => layer.backward(noise(3), gone)).toThrow(new Error("tensor was disposed"));
  });
});
