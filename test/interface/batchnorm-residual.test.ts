import { describe, expect, it } from "vitest";
import type { BatchNorm, Tensor } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { layerWith, noise, shape } from "../helpers/small-layer.js";

/** What a layer does with a residual, and what it keeps of it until backward. */

const activations = ["none", "relu"] as const;
const modes = ["train", "eval"] as const;
const each = modes.flatMap((mode) => activations.map((activation) => ({ mode, activation })));

/** Copies of all that a step gives. */
function gradients(layer: BatchNorm, dy: Tensor, residualGradient = kernels.tensor(shape, "NCL")): Float32Array[] {
  const { dx, dgamma, dbeta } = layer.backward(dy, { residualGradient });
  return [dx, dgamma, dbeta, residualGradient].map((tensor) => tensor?.data.slice() ?? new Float32Array());
}

/** dy where y is positive. */
function masked(dy: Float32Array, y: Float32Array): Float32Array {
  return dy.map((value, i) => (y[i] > 0 ? value : 0));
}

describe("forward", () => {
  it.each(modes)("adds the residual to y, and takes the statistics of x alone (%s)", (mode) => {
    const [plain, added] = [layerWith()[mode](), layerWith()[mode]()];
    const [x, residual] = [noise(1), noise(2)];
    const before = [x.data.slice(), residual.data.slice()];
    const y = plain.forward(x).data;
    // Where both are below 16, y without the residual is rounded by at most 2^-21, and their sum by at most 2^-20.
    added.forward(x, { residual }).data.forEach((value, i) => {
      expect(Math.abs(y[i])).toBeLessThan(16);
      expect(Math.abs(residual.data[i])).toBeLessThan(16);
      expect(Math.abs(value - (y[i] + residual.data[i]))).toBeLessThanOrEqual(1.5 * 2 ** -20);
    });
    expect([x.data, residual.data]).toEqual(before);
    expect(added.stateDict()).toEqual(plain.stateDict());
  });

  it("without a residual takes out as an option, or nothing", () => {
    const layer = layerWith();
    const [x, out] = [noise(1), noise(2)];
    const y = layer.forward(x).data.slice();
    for (const options of [{}, { residual: null }, { out: undefined, residual: undefined }]) {
      expect(layer.forward(x, options).data).toEqual(y);
    }
    expect(layer.forward(x, { out })).toBe(out);
    expect(out.data).toEqual(y);
  });

  it.each(each)("into the residual, into x, of x and all of them: the same bits ($mode, $activation)", (given) => {
    const layer = layerWith({ activation: given.activation })[given.mode]();
    const y = layer.forward(noise(1), { residual: noise(2) }).data.slice();
    const [x, residual] = [noise(1), noise(2)];
    expect(layer.forward(x, { out: residual, residual })).toBe(residual);
    expect(residual.data).toEqual(y);
    expect(layer.forward(x, { out: x, residual: noise(2) }).data).toEqual(y);
    const twice = layer.forward(noise(1), { residual: noise(1) }).data.slice();
    const one = noise(1);
    expect(layer.forward(one, { residual: one }).data).toEqual(twice);
    expect(layer.forward(one, { out: one, residual: one }).data).toEqual(twice);
  });

  it("of no values gives none, and its backward gives zeros", () => {
    const layer = layerWith({ activation: "relu" });
    const empty = () => kernels.tensor([0, 3, 5], "NCL");
    expect(layer.forward(empty(), { residual: empty() }).data).toHaveLength(0);
    const { dx, dgamma, dbeta } = layer.backward(empty(), { residualGradient: empty() });
    expect([dx.data.length, ...(dgamma?.data ?? []), ...(dbeta?.data ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });
});

describe("backward", () => {
  it.each(each)("gives dy behind the activation to the residual ($mode, $activation)", ({ mode, activation }) => {
    const layer = layerWith({ activation })[mode]();
    const y = layer.forward(noise(1), { residual: noise(2) }).data;
    const dy = noise(3);
    const gradient = gradients(layer, dy)[3];
    const expected = activation === "relu" ? masked(dy.data, y) : dy.data;
    expect(gradient).toEqual(expected);
    // Both kinds, so that the mask is seen.
    expect(y.some((value) => value > 0)).toBe(true);
    expect(y.some((value) => value <= 0)).toBe(true);
  });

  it.each(each)("is that of the masked dy through a layer without an activation ($mode, $activation)", (given) => {
    const layer = layerWith({ activation: given.activation })[given.mode]();
    const plain = layerWith()[given.mode]();
    const y = layer.forward(noise(1), { residual: noise(2) }).data;
    plain.forward(noise(1));
    const dy = noise(3);
    const got = gradients(layer, dy);
    if (given.activation === "relu") dy.data.set(masked(dy.data, y));
    const { dx, dgamma, dbeta } = plain.backward(dy);
    expect(got.slice(0, 3)).toEqual([dx, dgamma, dbeta].map((tensor) => tensor?.data));
  });

  it.each(each)("gives the same bits wherever results go ($mode, $activation)", ({ mode, activation }) => {
    const layer = layerWith({ activation })[mode]();
    layer.forward(noise(1), { residual: noise(2) });
    const expected = gradients(layer, noise(3));
    const results = [
      (dy: Tensor) => layer.backward(dy),
      (dy: Tensor) => layer.backward(dy, dy),
      (dy: Tensor) => layer.backward(dy, { residualGradient: null }),
      (dy: Tensor) => layer.backward(dy, { out: dy, residualGradient: noise(4) }),
      (dy: Tensor) => layer.backward(dy, { out: noise(5), residualGradient: dy }),
    ].map((run) => run(noise(3)));
    for (const { dx } of results) expect(dx.data).toEqual(expected[0]);
    const dy = noise(3);
    expect(gradients(layer, dy, dy)).toEqual(expected);
    const [over, other] = [noise(3), noise(4)];
    layer.backward(over, { out: over, residualGradient: other });
    expect([over.data, other.data]).toEqual([expected[0], expected[3]]);
  });

  it("leaves x, y and dy as they are, and does it again with the same bits", () => {
    const layer = layerWith({ activation: "relu" });
    const [x, dy] = [noise(1), noise(3)];
    const y = layer.forward(x, { residual: noise(2) });
    const before = [x, y, dy].map(({ data }) => data.slice());
    const first = gradients(layer, dy);
    expect([x, y, dy].map(({ data }) => data)).toEqual(before);
    expect(gradients(layer, dy)).toEqual(first);
  });

  it("takes y itself for dy, the gradient of half the sum of its squares", () => {
    const layer = layerWith({ activation: "relu" });
    const y = layer.forward(noise(1), { residual: noise(2) });
    const copy = kernels.tensor(shape, "NCL", y.data.slice());
    expect(gradients(layer, y)).toEqual(gradients(layer, copy));
  });

  it("masks by y as it is then, which the residual need not be", () => {
    const layer = layerWith({ activation: "relu" });
    const residual = noise(2);
    const y = layer.forward(noise(1), { residual });
    const expected = gradients(layer, noise(3));
    residual.data.fill(Number.NaN);
    residual.dispose();
    expect(gradients(layer, noise(3))).toEqual(expected);
    y.data.fill(0);
    expect(gradients(layer, noise(3))[3]).toEqual(new Float32Array(60));
  });

  it("needs y after a residual and an activation, else not", () => {
    for (const [activation, residual, needed] of [
      ["relu", noise(2), true],
      ["none", noise(2), false],
      ["relu", null, false],
    ] as const) {
      const layer = layerWith({ activation });
      layer.forward(noise(1), { residual }).dispose();
      const run = () => layer.backward(noise(3));
      if (needed) expect(run).toThrow(new Error("tensor was disposed"));
      else expect(run).not.toThrow();
    }
  });

  it("belongs to the last forward, with a residual or without", () => {
    const layer = layerWith({ activation: "relu" });
    const [dy, gradient] = [noise(3), noise(4)];
    const plain = layer.forward(noise(1));
    const expected = layer.backward(dy).dx.data.slice();
    layer.forward(noise(1), { residual: noise(2) });
    const added = gradients(layer, dy);
    layer.eval().forward(noise(5), { residual: noise(6) });
    layer.train().forward(noise(1), { residual: noise(2) });
    expect(gradients(layer, dy)).toEqual(added);
    layer.forward(noise(1), plain);
    expect(layer.backward(dy).dx.data).toEqual(expected);
    expect(() => layer.backward(dy, { residualGradient: gradient })).toThrow(
      new Error("backward needs a forward with a residual before it"),
    );
  });

  it("after a forward over x is refused", () => {
    const layer = layerWith({ activation: "relu" });
    const x = noise(1);
    layer.forward(x, { out: x, residual: noise(2) });
    expect(() => layer.backward(noise(3))).toThrow(
      new Error('backward needs the input of forward, which "out" overwrote'),
    );
  });

  it("lets dx come over y where the mask is not by y", () => {
    const layer = layerWith();
    const y = layer.forward(noise(1), { residual: noise(2) });
    const expected = gradients(layer, noise(3));
    expect(layer.backward(noise(3), { out: y }).dx.data).toEqual(expected[0]);
  });
});

describe("a layer", () => {
  it("is as it was after a disposed residual or residualGradient was refused", () => {
    const layer = layerWith({ activation: "relu" });
    const [x, dy, gone] = [noise(1), noise(3), noise(4)];
    gone.dispose();
    layer.forward(x, { residual: noise(2) });
    const expected = [gradients(layer, dy), layer.stateDict()];
    expect(() => layer.forward(x, { residual: gone })).toThrow(new Error("tensor was disposed"));
    expect(() => layer.backward(dy, { residualGradient: gone })).toThrow(new Error("tensor was disposed"));
    expect([gradients(layer, dy), layer.stateDict()]).toEqual(expected);
  });

  it("that a getter of its options disposes of is refused", () => {
    const layer = layerWith();
    const options = {
      get residual() {
        layer.dispose();
        return noise(2);
      },
    };
    expect(() => layer.forward(noise(1), options)).toThrow(new Error("layer was disposed"));
  });
});
