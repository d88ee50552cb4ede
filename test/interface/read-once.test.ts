import { describe, expect, it } from "vitest";
import {
  BatchNorm,
  batchStatistics,
  gradientSums,
  inputGradient,
  load,
  loadSync,
  maskGradient,
  mergeStatistics,
  normalize,
  type StateDictLike,
} from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { normal } from "../helpers/support.js";

/** An argument is read once, before anything is written: what was checked is what is used. */

/** The same object, of which every property can be read once, and every array's element; iteration reads a length again. */
function once<T extends object>(target: T): T {
  const read = new Set<PropertyKey>();
  return new Proxy(target, {
    get(from, key) {
      if (read.has(key)) throw new Error(`${String(key)} was read twice`);
      if (key !== "length") read.add(key);
      const value: unknown = Reflect.get(from, key);
      return Array.isArray(value) ? once(value) : value;
    },
  });
}

const x = kernels.tensor([5, 2], "NC", normal(10, 1, 2));
const dy = kernels.tensor([5, 2], "NC", normal(10, 2));
const statistics = { count: 5, mean: [1.5, 2.5], variance: [0.5, 2] };
const sums = { dgamma: [0.3, -0.2], dbeta: [1, 2] };
const options = { eps: 1e-3, activation: "relu", gamma: undefined, beta: null } as const;

describe("an argument is read once", () => {
  it("by normalize", () => {
    const want = normalize(x, statistics, options);
    expect(normalize(x, once(statistics), once(options)).data).toEqual(want.data);
  });

  it("by gradientSums", () => {
    const want = gradientSums(dy, x, statistics, options);
    expect(gradientSums(dy, x, once(statistics), once(options)).dgamma).toEqual(want.dgamma);
  });

  it("by inputGradient", () => {
    const want = inputGradient(dy, x, statistics, sums, options);
    expect(inputGradient(dy, x, once(statistics), once(sums), once(options)).data).toEqual(want.data);
  });

  it("by mergeStatistics", () => {
    const parts = [statistics, { count: 3, mean: [0, 1], variance: [1, 1] }];
    expect(mergeStatistics(once(parts.map(once))).variance).toEqual(mergeStatistics(parts).variance);
  });

  it("by tensor", () => {
    const { data } = kernels.tensor(once([2, 1]), "NC", once([3, 4]));
    expect(Array.from(data)).toEqual([3, 4]);
  });

  it("by load and loadSync", async () => {
    const options = { initialBytes: 1, module: undefined };
    for (const each of [await load(once({ ...options, relaxed: false })), loadSync(once(options))]) {
      expect(each.tensor([1, 1], "NC", [3]).data[0]).toBe(3);
    }
  });

  it("by the steps of a layer", () => {
    const layer = new BatchNorm(kernels, 2, { activation: "relu" });
    const [y, residual, dx, gradient] = [3, 4, 5, 6].map((seed) => kernels.tensor([5, 2], "NC", normal(10, seed)));
    expect(layer.forward(x, once({ out: y, residual }))).toBe(y);
    expect(layer.backward(dy, once({ out: dx, residualGradient: gradient, accumulate: true })).dx).toBe(dx);
    expect(normalize(x, batchStatistics(x), once({ activation: "relu" as const, residual })).data).toEqual(y.data);
    expect(maskGradient(dy, y, once({ out: dx })).data).toEqual(gradient.data);
  });

  it("by a layer", () => {
    const layer = new BatchNorm(kernels, 2, once({ eps: 1e-3, momentum: 0.5, gamma: true, beta: true }));
    const state = { weight: [1, 2], bias: [3, 4], running_mean: [5, 6], running_var: [7, 8], num_batches_tracked: 9 };
    layer.loadStateDict(once(state));
    expect(layer.stateDict()).toEqual({
      weight: new Float32Array(state.weight),
      bias: new Float32Array(state.bias),
      running_mean: new Float64Array(state.running_mean),
      running_var: new Float64Array(state.running_var),
      num_batches_tracked: 9,
    });
  });
});

describe("loadStateDict", () => {
  const trained = () => {
    const layer = new BatchNorm(kernels, 2);
    layer.forward(x);
    layer.gamma?.data.set([2, 3]);
    layer.beta?.data.set([4, 5]);
    return layer;
  };

  it("takes the layer's own views, exchanged", () => {
    const layer = trained();
    const { gamma, beta, runningMean, runningVar } = layer;
    const [mean, variance] = [runningMean?.slice(), runningVar?.slice()];
    layer.loadStateDict({
      weight: beta?.data,
      bias: gamma?.data,
      running_mean: runningVar as Float64Array,
      running_var: runningMean?.map(Math.abs),
    });
    expect(layer.stateDict()).toMatchObject({
      weight: new Float32Array([4, 5]),
      bias: new Float32Array([2, 3]),
      running_mean: variance,
      running_var: mean?.map(Math.abs),
    });
  });

  it.each(["weight", "bias", "running_mean", "running_var", "num_batches_tracked"])(
    "changes nothing where reading %s throws",
    (name) => {
      const layer = trained();
      const before = layer.stateDict();
      const throwing = () => {
        throw new Error("unreadable");
      };
      const state: StateDictLike = { weight: [9, 9], bias: [9, 9], running_mean: [9, 9], running_var: [9, 9] };
      const refused = [Object.defineProperty({ ...state }, name, { get: throwing, enumerable: true })];
      if (name !== "num_batches_tracked") {
        refused.push({ ...state, [name]: Object.defineProperty({ length: 2, 0: 9 }, 1, { get: throwing }) });
      }
      for (const each of refused) expect(() => layer.loadStateDict(each)).toThrow("unreadable");
      expect(layer.stateDict()).toEqual(before);
    },
  );
});

describe("a state that disposes of a parameter while it is read", () => {
  it("changes nothing else", () => {
    const layer = new BatchNorm(kernels, 2, { beta: false });
    const state = {
      weight: [5, 5],
      running_mean: [1, 1],
      get running_var() {
        layer.gamma?.dispose();
        return [1, 1];
      },
    };
    expect(() => layer.loadStateDict(state)).toThrow("tensor was disposed");
    expect(layer.runningMean).toEqual(new Float64Array(2));
  });
});

describe("what is returned", () => {
  it("by backward is frozen, and the same for the same dx", () => {
    const layer = new BatchNorm(kernels, 2);
    layer.forward(x);
    const out = kernels.tensor([5, 2], "NC");
    const gradients = layer.backward(dy, out);
    expect(Object.isFrozen(gradients)).toBe(true);
    expect(layer.backward(dy, out)).toBe(gradients);
    expect(layer.backward(dy).dx).not.toBe(out);
  });

  it("by batchStatistics goes back into the functions", () => {
    expect(normalize(x, batchStatistics(x)).data).toHaveLength(10);
  });
});
