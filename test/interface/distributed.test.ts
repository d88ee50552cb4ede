import { describe, expect, it } from "vitest";
import { type AllReduce, BatchNorm, type DistributedOptions } from "../../src/distributed/index.js";
import { BatchNorm as Local, type Tensor } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { scope } from "../helpers/harness.js";
import { Ranks } from "../helpers/ranks.js";

const CHANNELS = 3;
const one: AllReduce = () => {};

const layerWith = (options: DistributedOptions) => new BatchNorm(kernels, CHANNELS, options);
const rows = (count: number, from = 0) =>
  kernels.tensor(
    [count, CHANNELS],
    "NC",
    Array.from({ length: count * CHANNELS }, (_, i) => from + i * i),
  );

/** What a layer gives away, as text. */
const stateOf = (layer: BatchNorm) => JSON.stringify([layer.stateDict(), layer.training, layer.eps, layer.momentum]);

describe("the option allReduce", () => {
  it.each([[null], [1], ["sum"], [{}]])("refuses %j", (allReduce) => {
    const refused = () => layerWith({ allReduce } as object);
    expect(refused).toThrow(TypeError);
    expect(refused).toThrow(/^"allReduce" expected a function, got \w+$/);
  });

  it("is refused by the core's layer, which says where it is", () => {
    const refused = () => new Local(kernels, CHANNELS, { allReduce: one } as object);
    expect(refused).toThrow('"options" has no "allReduce"; the layer of "batchnorm-wasm/distributed" has it');
  });

  it("stands beside the others, which are taken and checked as in the core", () => {
    const options = Object.assign(Object.create({ eps: 0.5 }), { allReduce: one, momentum: null });
    const layer = layerWith(options);
    expect([layer.eps, layer.momentum, layer instanceof Local]).toEqual([0.5, null, true]);
    expect(() => layerWith({ allReduce: one, eps: -1 })).toThrow('"eps" expected a number >= 0');
    expect(() => layerWith({ allreduce: one } as object)).toThrow('no "allreduce"; did you mean "allReduce"?');
    expect(() => layerWith([] as object)).toThrow(TypeError);
    layer.dispose();
  });

  it("may be absent: the layer is the core's", () => {
    const [ours, core] = [layerWith({}), new Local(kernels, CHANNELS)];
    const x = rows(4);
    const [y, expected] = [ours, core].map((layer) => [...layer.forward(x).data, ...layer.backward(x).dx.data]);
    expect(y).toEqual(expected);
  });

  it("is refused behind a Proxy as in the core", () => {
    const layer = new Proxy(layerWith({ allReduce: one }), {});
    expect(() => layer.forward(rows(2))).toThrow("the layer is a Proxy");
  });
});

describe("what allReduce returns", () => {
  const wrong: [unknown, string][] = [
    [Promise.resolve(), "got Promise; it must wait for the sums before it returns"],
    // biome-ignore lint/suspicious/noThenProperty: what another library's promises look like
    [{ then() {} }, "got Object; it must wait for the sums before it returns"],
    [new Float64Array(4), "got Float64Array"],
    [0, "got number"],
    [null, "got null"],
  ];
  it.each(wrong)("%o is refused by name, and nothing has changed", (returned, got) => {
    scope((s) => {
      const layer = s.own(layerWith({ allReduce: (() => returned) as AllReduce }));
      const [x, before] = [s.own(rows(4)), stateOf(layer)];
      const bytes = kernels.bytesInUse;
      expect(() => layer.forward(x)).toThrow(
        new TypeError(`"allReduce" expected a function that returns nothing, ${got}`),
      );
      expect([stateOf(layer), kernels.bytesInUse]).toEqual([before, bytes]);
    });
  });

  it("an async function is refused", () => {
    const layer = layerWith({ allReduce: async () => {} });
    expect(() => layer.forward(rows(4))).toThrow("got Promise");
  });
});

describe("messages", () => {
  const lengthsOf = (counts: readonly number[], options: object, run: (layer: BatchNorm, x: Tensor) => void) => {
    const ranks = new Ranks(counts.length);
    const parts = counts.map((count) => ({
      layer: layerWith({ allReduce: ranks.allReduce, ...options }),
      x: rows(count),
    }));
    ranks.run((rank) => parts[rank].layer.forward(parts[rank].x));
    ranks.lengths = [];
    ranks.run((rank) => run(parts[rank].layer, parts[rank].x));
    return ranks.lengths;
  };
  const forward = (layer: BatchNorm, x: Tensor) => void layer.forward(x);
  const backward = (layer: BatchNorm, x: Tensor) => void layer.backward(x);
  const infer = (layer: BatchNorm, x: Tensor) => void layer.eval().forward(x);

  it.each([[[4]], [[4, 0]], [[1, 3]], [[0, 0, 0]]])("are two per forward and one per backward for %j", (counts) => {
    expect(lengthsOf(counts, {}, forward)).toEqual([CHANNELS + 1, CHANNELS]);
    expect(lengthsOf(counts, {}, backward)).toEqual([2 * CHANNELS]);
    expect(lengthsOf(counts, { gamma: false, beta: false }, backward)).toEqual([2 * CHANNELS]);
    expect(lengthsOf(counts, { trackRunningStats: false }, infer)).toEqual([CHANNELS + 1, CHANNELS]);
  });

  it("are none by running statistics, but for gradients of parameters", () => {
    const frozen = (layer: BatchNorm, x: Tensor) => {
      layer.eval().forward(x);
      layer.backward(x);
    };
    expect(lengthsOf([2, 2], {}, infer)).toEqual([]);
    expect(lengthsOf([2, 2], {}, frozen)).toEqual([2 * CHANNELS]);
    expect(lengthsOf([2, 2], { gamma: false, beta: false }, frozen)).toEqual([]);
  });

  it("are arrays of the layer, outside of the kernels' memory", () => {
    const layer = layerWith({ allReduce: ({ buffer }) => void expect(buffer).not.toBe(kernels.memory.buffer) });
    const x = rows(4);
    layer.forward(x);
    layer.backward(x);
  });

  it("are of a fixed length at first, and tell what ranks differ in", () => {
    const differ = (options: object[], channels = [CHANNELS, CHANNELS]) => {
      const ranks = new Ranks(2);
      const layers = options.map(
        (each, i) => new BatchNorm(kernels, channels[i], { ...each, allReduce: ranks.allReduce }),
      );
      try {
        ranks.run((rank) => layers[rank].forward(kernels.tensor([3, channels[rank]], "NC")));
      } catch (error) {
        expect([error instanceof RangeError, ranks.lengths]).toEqual([true, [64]]);
        return (error as Error).message;
      }
      expect(ranks.lengths).toEqual([64, CHANNELS + 1, CHANNELS]);
      return "agreed";
    };
    expect(differ([{ eps: 1 }, { eps: 1 }])).toBe("agreed");
    expect(differ([{}, {}], [3, 4])).toBe('"numFeatures" expected the same on all 2 ranks, here 3');
    expect(differ([{ eps: 1e-5 }, { eps: 1e-5 + 2 ** -69 }])).toMatch('"eps" expected the same on all 2 ranks');
    expect(differ([{ momentum: null }, { momentum: 0 }])).toMatch('"momentum"');
    expect(differ([{ runningVariance: "population" }, {}])).toMatch('"runningVariance"');
    expect(differ([{ activation: "relu" }, {}])).toMatch('"activation"');
    expect(differ([{ gamma: false }, {}])).toMatch('"gamma"');
    expect(differ([{ beta: false }, {}])).toMatch('"beta"');
    expect(differ([{ trackRunningStats: false }, {}])).toMatch('"trackRunningStats"');
  });

  it("tell another version of the package", () => {
    // As another rank would send it: the version's hash is another one.
    const layer = layerWith({
      allReduce(sums) {
        const other = sums.slice();
        other.set([1, 1, 1, 1], 1);
        sums.forEach((value, i) => {
          sums[i] = value + other[i];
        });
      },
    });
    const refused = () => layer.forward(rows(2));
    expect(refused).toThrow(/^"version of batchnorm-wasm" expected the same on all 2 ranks, here "\d+\.\d+\.\d+"$/);
  });

  it("are refused where they are not sums", () => {
    const [count, nothing] = [4, 0].map((value) =>
      layerWith({ allReduce: (sums) => void (sums.length === CHANNELS + 1 && sums.fill(value / 8)) }),
    );
    for (const layer of [count, nothing]) {
      expect(() => layer.forward(rows(4))).toThrow('"allReduce" expected a sum of counts of at least this rank\'s 4');
    }
  });
});

describe("a call that fails", () => {
  const failing = (at: number, options: DistributedOptions = {}) => {
    let sent = 0;
    return layerWith({
      ...options,
      allReduce() {
        if (++sent > at) throw new Error("the network is down");
      },
    });
  };

  it.each([0, 1, 2])("in forward behind %d messages leaves the layer, x and out as they were", (messages) => {
    const layer = failing(messages);
    const [x, out] = [rows(4), rows(4, 7)];
    const before = [stateOf(layer), ...x.data, ...out.data];
    expect(() => layer.forward(x, out)).toThrow("the network is down");
    expect([stateOf(layer), ...x.data, ...out.data]).toEqual(before);
    expect(() => layer.backward(x)).toThrow("backward needs a forward before it");
  });

  it("leaves backward through the forward before it", () => {
    // The first forward sends 3 messages, the second none that returns; then they work again.
    let isDown = false;
    const allReduce = () => {
      if (isDown) throw new Error("the network is down");
    };
    const [layer, expected] = [layerWith({ allReduce }), layerWith({ allReduce: one })];
    const [x, other, dy] = [rows(4), rows(5, 3), rows(4, 1)];
    layer.forward(x);
    isDown = true;
    expect(() => layer.forward(other)).toThrow();
    expect(() => layer.backward(dy)).toThrow();
    isDown = false;
    expected.forward(x);
    expect([...layer.backward(dy).dx.data]).toEqual([...expected.backward(dy).dx.data]);
  });

  it("in backward leaves dgamma, dbeta and out as they were", () => {
    const layer = failing(4);
    const x = rows(4);
    layer.forward(x);
    const { dx, dgamma, dbeta } = layer.backward(x);
    const values = () => [dx, dgamma, dbeta].flatMap((each) => [...(each as Tensor).data]);
    const before = values();
    expect(() => layer.backward(rows(4, 9), dx)).toThrow("the network is down");
    expect(values()).toEqual(before);
  });

  it("with a residual leaves its gradient as it was, and no memory taken", () => {
    const layer = failing(4, { activation: "relu" });
    const [x, residual, out] = [rows(4), rows(4, 2), rows(4)];
    const residualGradient = rows(4, 5);
    layer.forward(x, { out, residual });
    layer.backward(x);
    const before = [kernels.bytesInUse, ...residualGradient.data];
    expect(() => layer.backward(x, { residualGradient })).toThrow("the network is down");
    expect([kernels.bytesInUse, ...residualGradient.data]).toEqual(before);
  });

  it("because all ranks together have one value per channel has sent the usual messages and changed nothing", () => {
    const ranks = new Ranks(2);
    const layers = [0, 1].map(() => layerWith({ allReduce: ranks.allReduce }));
    const before = layers.map(stateOf);
    const refused = () => ranks.run((rank) => layers[rank].forward(rows(rank)));
    expect(refused).toThrow(new RangeError('"x" expected at least 2 values per channel over all ranks, got 1'));
    expect(ranks.lengths).toEqual([64, CHANNELS + 1, CHANNELS]);
    expect(layers.map(stateOf)).toEqual(before);
  });
});

describe("within allReduce", () => {
  const x = rows(4);
  const uses: Record<string, (layer: BatchNorm) => unknown> = {
    forward: (layer) => layer.forward(x),
    backward: (layer) => layer.backward(x),
    stateDict: (layer) => layer.stateDict(),
    loadStateDict: (layer) => layer.loadStateDict({}),
  };
  it.each(Object.keys(uses))("%s of the layer is refused", (use) => {
    const layer: BatchNorm = layerWith({ allReduce: () => void uses[use](layer) });
    expect(() => layer.forward(x)).toThrow("allReduce must not use the layer that called it");
    // Not for ever.
    expect(() => layer.stateDict()).not.toThrow();
  });

  it("another layer computes, and memory is taken", () => {
    const [inner, alone] = [0, 1].map(() => layerWith({ allReduce: one }));
    const layer = layerWith({
      allReduce() {
        inner.forward(rows(7, 2));
        kernels.tensor([1, 200_000], "NC");
      },
    });
    expect([...layer.forward(x).data]).toEqual([...alone.forward(x).data]);
  });

  it.each(["layer", "gamma", "x", "out", "residual"])("the %s may go, which the call then says", (what) => {
    const [own, out, residual] = [rows(4), rows(4), rows(4)];
    const layer: BatchNorm = layerWith({
      allReduce: () => ({ layer, gamma: layer.gamma as Tensor, x: own, out, residual })[what]?.dispose(),
    });
    const bytes = kernels.bytesInUse;
    expect(() => layer.forward(own, { out, residual })).toThrow(
      what === "layer" ? "layer was disposed" : "tensor was disposed",
    );
    expect(kernels.bytesInUse).toBeLessThan(bytes);
    if (what === "gamma") expect(() => layer.forward(rows(4))).toThrow("tensor was disposed");
  });

  it("the array stays", () => {
    const layer = layerWith({ allReduce: (sums) => void structuredClone(sums, { transfer: [sums.buffer] }) });
    expect(() => layer.forward(x)).toThrow('"allReduce" expected to keep its array, but transferred it');
  });
});

describe("in place", () => {
  it("y goes over x, after which backward refuses; dx goes over dy, but not over x", () => {
    const [layer, alone] = [0, 1].map(() => layerWith({ allReduce: one }));
    const [x, dy] = [rows(4), rows(4, 1)];
    const y = alone.forward(rows(4));
    expect(() => layer.forward(x) && layer.backward(dy, x)).toThrow('"out" expected a tensor other than "x"');
    expect(layer.backward(dy, dy).dx).toBe(dy);
    expect([...dy.data]).toEqual([...alone.backward(rows(4, 1)).dx.data]);
    expect([...layer.forward(x, x).data]).toEqual([...y.data]);
    expect(() => layer.backward(dy)).toThrow('which "out" overwrote');
  });
});
