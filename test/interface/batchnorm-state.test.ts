import { describe, expect, it } from "vitest";
import { BatchNorm, type BatchNormOptions, type StateDict, type StateDictLike } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { normal } from "../helpers/support.js";

function trained(options?: BatchNormOptions): BatchNorm {
  const layer = new BatchNorm(kernels, 3, options);
  layer.gamma?.data.set([1.5, -2, 0.25]);
  layer.beta?.data.set([0.5, 0, -1]);
  for (let seed = 0; seed < 2; seed++) layer.forward(kernels.tensor([7, 3], "NC", normal(21, seed, 3, 2)));
  return layer;
}

/** What a checkpoint in a JSON file holds. */
function throughJson(state: StateDict): StateDict {
  const plain = Object.entries(state).map(([name, entry]) => [
    name,
    typeof entry === "object" ? Array.from(entry as ArrayLike<number>) : entry,
  ]);
  return JSON.parse(JSON.stringify(Object.fromEntries(plain)));
}

it("the count of batches stays at the largest integer, and what a layer saves it takes", () => {
  const layer = trained({ momentum: null });
  layer.numBatchesTracked = Number.MAX_SAFE_INTEGER;
  layer.forward(kernels.tensor([7, 3], "NC", normal(21, 1)));
  layer.loadStateDict(layer.stateDict());
  expect(layer.numBatchesTracked).toBe(Number.MAX_SAFE_INTEGER);
});

describe("stateDict", () => {
  it("has PyTorch's names and the layer's values", () => {
    const layer = trained();
    expect(layer.stateDict()).toEqual({
      weight: new Float32Array([1.5, -2, 0.25]),
      bias: new Float32Array([0.5, 0, -1]),
      running_mean: layer.runningMean?.slice(),
      running_var: layer.runningVar?.slice(),
      num_batches_tracked: 2,
    });
  });

  it("has only what the layer has", () => {
    expect(Object.keys(trained({ gamma: false, trackRunningStats: false }).stateDict())).toEqual(["bias"]);
    expect(Object.keys(trained({ beta: false, trackRunningStats: false }).stateDict())).toEqual(["weight"]);
    expect(Object.keys(trained({ gamma: false, beta: false }).stateDict()).sort()).toEqual([
      "num_batches_tracked",
      "running_mean",
      "running_var",
    ]);
    expect(trained({ gamma: false, beta: false, trackRunningStats: false }).stateDict()).toEqual({});
  });

  it("holds copies: neither side sees the other's writes", () => {
    const layer = trained();
    const state = layer.stateDict();
    const again = layer.stateDict();
    for (const entry of [state.weight, state.bias, state.running_mean, state.running_var]) {
      (entry as Float32Array).fill(99);
    }
    expect(layer.stateDict()).toEqual(again);
    layer.forward(kernels.tensor([7, 3], "NC", normal(21, 9)));
    layer.gamma?.data.fill(7);
    expect(again.weight).toEqual(new Float32Array([1.5, -2, 0.25]));
    expect(again.running_mean).not.toEqual(layer.stateDict().running_mean);
  });
});

describe("loadStateDict", () => {
  it("makes another layer the same, bit for bit", () => {
    const layer = trained();
    const other = new BatchNorm(kernels, 3);
    other.loadStateDict(layer.stateDict());
    expect(other.stateDict()).toEqual(layer.stateDict());
    const x = kernels.tensor([7, 3], "NC", normal(21, 5));
    expect(other.eval().forward(x).data).toEqual(layer.eval().forward(x).data);
    expect(other.train().forward(x).data).toEqual(layer.train().forward(x).data);
    expect(other.stateDict()).toEqual(layer.stateDict());
  });

  it("survives JSON without losing a bit", () => {
    const layer = trained();
    const other = new BatchNorm(kernels, 3);
    other.loadStateDict(throughJson(layer.stateDict()));
    expect(other.stateDict()).toEqual(layer.stateDict());
  });

  it("copies what it takes", () => {
    const layer = new BatchNorm(kernels, 3);
    const state = trained().stateDict();
    layer.loadStateDict(state);
    const before = layer.stateDict();
    (state.weight as Float32Array).fill(99);
    (state.running_var as Float64Array).fill(99);
    expect(layer.stateDict()).toEqual(before);
  });

  it("leaves the count as it is when num_batches_tracked is missing", () => {
    const layer = trained();
    const { num_batches_tracked: _, ...old } = new BatchNorm(kernels, 3).stateDict();
    layer.loadStateDict(old);
    expect(layer.stateDict()).toEqual({ ...old, num_batches_tracked: 2 });
  });

  it.each([
    ["a number", 1234],
    ["a bigint", 1234n],
    ["an int64 of one value, as of PyTorch's checkpoints", BigInt64Array.of(1234n)],
    ["a uint64 of one value", BigUint64Array.of(1234n)],
    ["an int32 of one value", Int32Array.of(1234)],
    ["a float32 of one value", Float32Array.of(1234)],
    ["an array of one number", [1234]],
    ["an array of one bigint", [1234n]],
  ])("takes a count that is %s", (_, num_batches_tracked) => {
    const layer = trained();
    layer.loadStateDict({ ...layer.stateDict(), num_batches_tracked });
    expect(layer.numBatchesTracked).toBe(1234);
  });

  it("takes counts up to 2^53 - 1", () => {
    const layer = trained();
    layer.loadStateDict({ ...layer.stateDict(), num_batches_tracked: 2n ** 53n - 1n });
    expect(layer.numBatchesTracked).toBe(2 ** 53 - 1);
  });

  it("counts an entry that is undefined as absent, known or not", () => {
    const layer = trained();
    const before = layer.stateDict();
    layer.loadStateDict({ ...before, num_batches_tracked: undefined, epsilon: undefined } as StateDict);
    expect(layer.stateDict()).toEqual(before);
  });

  it("takes subarrays with an offset", () => {
    const layer = new BatchNorm(kernels, 3);
    const weights = new Float32Array([9, 9, 1, 2, 3, 9]);
    layer.loadStateDict({ ...layer.stateDict(), weight: weights.subarray(2, 5) });
    expect(layer.gamma?.data).toEqual(new Float32Array([1, 2, 3]));
  });

  it("takes NaN and infinite statistics, which a checkpoint may hold", () => {
    const layer = new BatchNorm(kernels, 3);
    layer.loadStateDict({
      ...layer.stateDict(),
      running_mean: [Number.NaN, 0, 1],
      running_var: [1, Number.POSITIVE_INFINITY, Number.NaN],
    });
    expect(layer.runningMean).toEqual(new Float64Array([Number.NaN, 0, 1]));
    expect(layer.runningVar).toEqual(new Float64Array([1, Number.POSITIVE_INFINITY, Number.NaN]));
  });

  const names = ["weight", "bias", "running_mean", "running_var"] as const;

  it.each(names)("refuses a state without %s, and changes nothing", (name) => {
    const layer = trained();
    const before = layer.stateDict();
    const { [name]: _, ...state } = new BatchNorm(kernels, 3).stateDict();
    expect(() => layer.loadStateDict(state)).toThrow(`"${name}"`);
    expect(layer.stateDict()).toEqual(before);
  });

  it.each(names)("refuses %s of another length with a RangeError, and changes nothing", (name) => {
    const layer = trained();
    const before = layer.stateDict();
    const state = new BatchNorm(kernels, 3).stateDict();
    for (const wrong of [[1, 1], [1, 1, 1, 1], []]) {
      expect(() => layer.loadStateDict({ ...state, [name]: wrong })).toThrow(RangeError);
      expect(() => layer.loadStateDict({ ...state, [name]: wrong })).toThrow(`"${name}" expected 3 values`);
    }
    expect(layer.stateDict()).toEqual(before);
  });

  it.each([
    ["weight", { gamma: false }],
    ["bias", { beta: false }],
    ["running_mean", { trackRunningStats: false }],
    ["running_var", { trackRunningStats: false }],
    ["num_batches_tracked", { trackRunningStats: false }],
  ] as const)("refuses %s for a layer without it, and changes nothing", (name, options) => {
    const layer = trained(options);
    const before = layer.stateDict();
    const state = { ...layer.stateDict(), [name]: new BatchNorm(kernels, 3).stateDict()[name] };
    expect(() => layer.loadStateDict(state)).toThrow(`"${name}"`);
    expect(layer.stateDict()).toEqual(before);
  });

  it("refuses an entry of another name, and changes nothing", () => {
    const layer = trained();
    const before = layer.stateDict();
    const state = { ...new BatchNorm(kernels, 3).stateDict(), running_variance: [1, 1, 1] };
    expect(() => layer.loadStateDict(state)).toThrow(RangeError);
    expect(() => layer.loadStateDict(state)).toThrow('"running_variance"');
    expect(layer.stateDict()).toEqual(before);
  });

  it.each([
    ["a negative variance", { running_var: [1, -0.5, 1] }, "running_var"],
    ["a negative count", { num_batches_tracked: -1 }, "num_batches_tracked"],
    ["a fractional count", { num_batches_tracked: 1.5 }, "num_batches_tracked"],
    ["NaN as a count", { num_batches_tracked: Number.NaN }, "num_batches_tracked"],
    ["a count of 2^53", { num_batches_tracked: 2n ** 53n }, "num_batches_tracked"],
    ["a count of 2^53 + 1, which no number is", { num_batches_tracked: 2n ** 53n + 1n }, "num_batches_tracked"],
    ["the largest int64", { num_batches_tracked: BigInt64Array.of(2n ** 63n - 1n) }, "num_batches_tracked"],
    ["a negative int64", { num_batches_tracked: BigInt64Array.of(-1n) }, "num_batches_tracked"],
    ["two counts", { num_batches_tracked: BigInt64Array.of(1n, 2n) }, "num_batches_tracked"],
    ["no count", { num_batches_tracked: [] }, "num_batches_tracked"],
  ])("refuses %s with a RangeError, and changes nothing", (_, wrong, name) => {
    const layer = trained();
    const before = layer.stateDict();
    const state = { ...new BatchNorm(kernels, 3).stateDict(), ...wrong };
    expect(() => layer.loadStateDict(state)).toThrow(RangeError);
    expect(() => layer.loadStateDict(state)).toThrow(`"${name}"`);
    expect(layer.stateDict()).toEqual(before);
  });
});

describe("names and numbers of other checkpoints", () => {
  const state = new BatchNorm(kernels, 3).stateDict();

  it.each([
    ["gamma", "weight"],
    ["beta", "bias"],
    ["scale", "weight"],
    ["moving_mean", "running_mean"],
    ["moving_variance", "running_var"],
    ["runningMean", "running_mean"],
    ["numBatchesTracked", "num_batches_tracked"],
    ["bn1.weight", "weight"],
    ["module.layer1.0.bn1.running_var", "running_var"],
  ])("%s is refused with %s, which was meant", (name, meant) => {
    const message = `"state" expected entries of this layer only, got "${name}"; did you mean "${meant}"?`;
    expect(() => new BatchNorm(kernels, 3).loadStateDict({ ...state, [name]: [1, 1, 1] })).toThrow(message);
  });

  it("what comes near nothing is refused with all names of this layer", () => {
    const layer = new BatchNorm(kernels, 3, { beta: false, trackRunningStats: false });
    const message = '"state" expected entries of this layer only, got "classifier"; it has "weight"';
    expect(() => layer.loadStateDict({ weight: [1, 1, 1], classifier: [1] } as StateDictLike)).toThrow(message);
  });

  it.each(["weight", "bias", "running_mean", "running_var"])(
    "bits of float16 as %s are refused, and change nothing; integers in other arrays are taken",
    (name) => {
      const layer = trained();
      const before = layer.stateDict();
      const bits = Uint16Array.of(0x3c00, 0x4000, 0x4200); // 1, 2 and 3
      const message = `"${name}" expected an array of numbers, got Uint16Array, the bits of float16 or bfloat16`;
      expect(() => layer.loadStateDict({ ...before, [name]: bits })).toThrow(TypeError);
      expect(() => layer.loadStateDict({ ...before, [name]: bits })).toThrow(message);
      expect(layer.stateDict()).toEqual(before);
      for (const integers of [Array.from(bits), Uint8Array.of(1, 2, 3), Int32Array.of(1, 2, 3)]) {
        layer.loadStateDict({ ...before, [name]: integers });
        expect(Array.from(layer.stateDict()[name as "weight"] ?? [])).toEqual(Array.from(integers));
      }
    },
  );

  it("a Float16Array is taken by its numbers, in engines that have it", () => {
    const { Float16Array = Float32Array } = globalThis as { Float16Array?: Float32ArrayConstructor };
    const layer = trained();
    layer.loadStateDict({ ...layer.stateDict(), weight: Float16Array.of(1, 2, 0.5) });
    expect(Array.from(layer.gamma?.data ?? [])).toEqual([1, 2, 0.5]);
  });
});

describe("running statistics", () => {
  it("are written through their views", () => {
    const layer = new BatchNorm(kernels, 1, { eps: 0 }).eval();
    layer.runningMean?.set([3]);
    layer.runningVar?.set([4]);
    expect(Array.from(layer.forward(kernels.tensor([2, 1], "NC", [3, 7])).data)).toEqual([0, 2]);
  });

  it("survive the growth of the memory", () => {
    const layer = trained();
    const before = layer.stateDict();
    const large = kernels.tensor([kernels.memory.buffer.byteLength / 4 + 1, 1], "NC");
    expect(layer.stateDict()).toEqual(before);
    expect(layer.runningMean).toEqual(before.running_mean);
    expect(layer.gamma?.data).toEqual(before.weight);
    large.dispose();
  });
});
