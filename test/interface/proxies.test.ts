import { describe, expect, it } from "vitest";
import { BatchNorm, batchStatistics, type Kernels, type Tensor } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";

/** What Vue's reactive and MobX's observable make of an object: a Proxy, which has none of its private fields. */

/** A Proxy that hands properties and methods on, as theirs do. */
const reactive = <T extends object>(target: T): T => new Proxy<T>(target, { get: Reflect.get, set: Reflect.set });

/** As Vue's: what is read through it is a Proxy, too. */
const deeplyReactive = <T extends object>(target: T): T =>
  new Proxy<T>(target, {
    get(from, key, receiver) {
      const value: unknown = Reflect.get(from, key, receiver);
      return typeof value === "object" && value !== null ? deeplyReactive(value) : value;
    },
  });

const tensor = () => kernels.tensor([3, 2], "NC", [1, 2, 3, 4, 5, 6]);
const layer = () => new BatchNorm(kernels, 2);
const told = (what: string) => new RegExp(`^the ${what} is a Proxy.*markRaw.*toRaw`);

describe("a Proxy of a layer is told as such", () => {
  it.each<[string, (proxy: BatchNorm) => unknown]>([
    ["forward", (proxy) => proxy.forward(tensor())],
    ["backward", (proxy) => proxy.backward(tensor())],
    ["train", (proxy) => proxy.train()],
    ["eval", (proxy) => proxy.eval()],
    ["stateDict", (proxy) => proxy.stateDict()],
    ["loadStateDict", (proxy) => proxy.loadStateDict({})],
    ["dispose", (proxy) => proxy.dispose()],
    ["gamma", (proxy) => proxy.gamma],
    ["beta", (proxy) => proxy.beta],
    ["runningMean", (proxy) => proxy.runningMean],
    ["runningVar", (proxy) => proxy.runningVar],
    ["training", (proxy) => proxy.training],
    ["eps", (proxy) => proxy.eps],
    ["eps, set", (proxy) => Object.assign(proxy, { eps: 0 })],
    ["momentum", (proxy) => proxy.momentum],
    ["momentum, set", (proxy) => Object.assign(proxy, { momentum: 0 })],
    ["numBatchesTracked", (proxy) => proxy.numBatchesTracked],
    [
      "numBatchesTracked, set",
      (proxy) => {
        proxy.numBatchesTracked = 1;
      },
    ],
  ])("by %s", (_, use) => {
    expect(() => use(reactive(layer()))).toThrow(told("layer"));
  });
});

describe("a Proxy of a tensor is told as such", () => {
  it.each<[string, (proxy: Tensor) => unknown]>([
    ["data", (proxy) => proxy.data],
    ["dispose", (proxy) => proxy.dispose()],
    ["forward", (proxy) => layer().forward(proxy)],
    ["out of forward", (proxy) => layer().forward(tensor(), proxy)],
    ["option out of forward", (proxy) => layer().forward(tensor(), { out: proxy })],
    ["residual", (proxy) => layer().forward(tensor(), { residual: proxy })],
    ["batchStatistics", (proxy) => batchStatistics(proxy)],
  ])("by %s", (_, use) => {
    expect(() => use(reactive(tensor()))).toThrow(told("tensor"));
    expect(() => use(deeplyReactive(tensor()))).toThrow(told("tensor"));
  });
});

describe("a Proxy of kernels is told as such", () => {
  it.each<[string, (proxy: Kernels) => unknown]>([
    ["tensor", (proxy) => proxy.tensor([1, 1], "NC")],
    ["bytesInUse", (proxy) => proxy.bytesInUse],
    ["a new layer", (proxy) => new BatchNorm(proxy, 2)],
  ])("by %s", (_, use) => {
    expect(() => use(reactive(kernels))).toThrow(told("object that load returned"));
  });
});
