import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { install, uninstall } from "../../src/tfjs/index.js";
import { BatchNormalization } from "../../src/tfjs/layers.js";
import { expectClose, expectWithin } from "../helpers/compare.js";
import { goal, u } from "../helpers/metric.js";
import { expectation } from "../helpers/problem.js";
import * as reference from "../helpers/reference.js";
import { backends, eachOn, hosts, read, tensorsOf, tf, tfjsProblem, tfl, useHost } from "./backends.js";

type Layer = tfl.layers.Layer;
type Args = ConstructorParameters<typeof BatchNormalization>[0];

/** The two ways to a layer of ours: the class, and what tf.layers makes once installed. */
const makers: [name: string, make: (args?: Args) => Layer][] = [
  ["BatchNormalization", (args) => new BatchNormalization(args)],
  ["tf.layers.batchNormalization", (args) => tfl.layers.batchNormalization(args)],
];

const weightsOf = (layer: Layer) => layer.getWeights().map((weight) => [...read(weight)]);

describe.each(hosts.flatMap((host) => makers.map(([name, make]) => [name, host, make] as const)))(
  "%s on %s",
  (name, host, make) => {
    beforeEach(async () => {
      await useHost(host);
      if (name !== "BatchNormalization") await install(tf, { layers: tfl.layers });
      tf.engine().startScope();
    });
    afterEach(() => {
      tf.engine().endScope();
      uninstall();
    });

    it.each([
      [[5, 4], 1, { momentum: 0.9 }],
      [[4, 3, 5], 1, {}],
      [[3, 2, 4, 3], 3, { momentum: 0 }],
      [[2, 3, 2, 5, 3], 2, { momentum: 1 }],
    ] satisfies [number[], number, Args][])(
      "moving statistics over three batches, shape %j, axis %d, %j",
      (shape, axis, args) => {
        const layer = make({ axis, ...args });
        const { momentum = 0.99 }: { momentum?: number } = args ?? {};
        const channels = shape[axis];
        const fresh = () => ({ mean: new Float64Array(channels), variance: new Float64Array(channels).fill(1) });
        let running = fresh();
        const scale = fresh();
        for (let batch = 0; batch < 3; batch++) {
          const p = tfjsProblem(shape, axis, { x: (c, i) => c + batch + ((i * 7919) % 31) / 7 });
          const want = expectation(p);
          expectClose(p.line, "y", read(layer.apply(tensorsOf(p).x, { training: true }) as tf.Tensor), {
            ...want.y,
            ref: reference.normalize(p.x, p.shape, p.layout, want.statistics, { ...p, gamma: null, beta: null }),
          });
          running = reference.updateRunning(running, want.statistics, 1 - momentum, "population");
          for (const name of ["mean", "variance"] as const) {
            scale[name] = scale[name].map((old, c) => momentum * old + (1 - momentum) * want[name].scale[c]);
          }
        }
        const [, , mean, variance] = layer.getWeights();
        // The batch's statistics within the goal, and a rounding to float32 in each of the three steps.
        const limit = goal + 3 * u;
        expectWithin("moving", "mean", read(mean), running.mean, (c) => limit * scale.mean[c]);
        expectWithin("moving", "variance", read(variance), running.variance, (c) => limit * scale.variance[c]);
      },
    );

    it("normalizes by the moving statistics, which stay, at inference", () => {
      const layer = make({ axis: 1 });
      const p = tfjsProblem([4, 3, 5], 1, { mode: "eval" });
      const { x, gamma, beta, mean, variance } = tensorsOf(p);
      layer.build([...p.own]);
      layer.setWeights([gamma, beta, mean, variance].filter((weight) => weight !== null));
      const before = weightsOf(layer);
      const frozen = { count: 1, mean: before[2], variance: before[3] };
      expectClose(p.line, "y", read(layer.apply(x) as tf.Tensor), expectation({ ...p, frozen }).y);
      expect(weightsOf(layer)).toEqual(before);
    });

    it("takes its axis as TensorFlow 2 saves it, as an array of one", () => {
      const [layer, array] = [make({ axis: 2 }), make({ axis: [2] as unknown as number })];
      const x = tf.tensor3d([1, 2, 3, 5, 8, 13, 21, 34], [2, 2, 2]);
      for (const training of [true, false]) {
        const [y, same] = [layer, array].map((each) => [...read(each.apply(x, { training }) as tf.Tensor)]);
        expect(same).toEqual(y);
      }
    });

    it("leaves tensors alone that share the data of its weights", () => {
      const layer = make();
      layer.build([4, 2]);
      const shared = layer.getWeights().map((weight) => tf.reshape(weight, [2, 1]));
      layer.apply(tf.tensor2d([1, 2, 3, 5], [2, 2]), { training: true });
      expect(shared.map((tensor) => [...read(tensor)])).toEqual([
        [1, 1],
        [0, 0],
        [0, 0],
        [1, 1],
      ]);
      expect(weightsOf(layer)[2]).not.toEqual([0, 0]);
    });

    it("an empty batch in training moves nothing", () => {
      const layer = make();
      const y = layer.apply(tf.zeros([0, 2]), { training: true }) as tf.Tensor;
      expect([y.shape, weightsOf(layer)]).toEqual([
        [0, 2],
        [
          [1, 1],
          [0, 0],
          [0, 0],
          [1, 1],
        ],
      ]);
    });

    it("gradients of x, gamma and beta through tf.variableGrads and tf.grad", () => {
      const layer = make({ axis: 2 });
      const p = tfjsProblem([4, 3, 5], 2);
      const { x, dy, gamma, beta } = tensorsOf(p);
      layer.build([...p.own]);
      const [, , mean, variance] = layer.getWeights();
      layer.setWeights([gamma as tf.Tensor, beta as tf.Tensor, mean, variance]);
      const apply = (x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;
      const { grads } = tf.variableGrads(() => tf.sum(tf.mul(apply(x), dy)));
      const want = expectation(p);
      expect(Object.keys(grads)).toEqual(layer.trainableWeights.map(({ name }) => name));
      expectClose(p.line, "dgamma", read(grads[layer.trainableWeights[0].name]), want.dgamma);
      expectClose(p.line, "dbeta", read(grads[layer.trainableWeights[1].name]), want.dbeta);
      expectClose(p.line, "dx", read(tf.grad(apply)(x, dy)), want.dx);
    });
  },
);

describe.each(backends)("models on %s", (backend) => {
  eachOn(backend);

  /** Two layers of `make` between dense ones, all weights equal whoever makes it. */
  function modelOf(make: (args: Args) => Layer): tfl.Sequential {
    const layers = [
      tfl.layers.dense({ units: 6, inputShape: [4] }),
      make({ momentum: 0.8 }),
      tfl.layers.reshape({ targetShape: [2, 3] }),
      make({ epsilon: 0.01 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 2 }),
    ];
    const model = tfl.sequential({ layers });
    const value = (i: number) => Math.sin(1 + i * i);
    model.setWeights(
      model.getWeights().map((weight) =>
        tf.tensor(
          Float32Array.from({ length: weight.size }, (_, i) => 1 + value(i)),
          weight.shape,
        ),
      ),
    );
    return model;
  }

  const x = () =>
    tf.tensor(
      Float32Array.from({ length: 48 }, (_, i) => Math.cos(i * i)),
      [12, 4],
    );
  const theirs = (args: Args) => tfl.layers.batchNormalization(args);
  const ours = (args: Args) => new BatchNormalization(args);

  it("fit, and trainOnBatch, end as with the layer of TensorFlow.js, to its rounding", async () => {
    const train = async (make: (args: Args) => Layer) => {
      const model = modelOf(make);
      model.compile({ optimizer: tf.train.sgd(0.05), loss: "meanSquaredError" });
      const y = tf.tensor(
        Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
        [12, 2],
      );
      const { history } = await model.fit(x(), y, { epochs: 2, batchSize: 6, shuffle: false, verbose: 0 });
      const loss = (await model.trainOnBatch(x(), y)) as number;
      return [...(history.loss as number[]), loss, ...model.getWeights().flatMap((weight) => [...read(weight)])];
    };
    const plain = await train(theirs);
    const byClass = await train(ours);
    await install(tf, { layers: tfl.layers });
    const byInstall = await train(theirs);
    expect(byInstall).toEqual(byClass);
    // Five steps whose sums have at most 12 terms of size 4 or of the value. A step at this learning rate at most doubles
    // a deviation, so that two computations that differ in rounding alone agree to 2^5 times that of such a sum.
    plain.forEach((value, i) => {
      expect(Math.abs(byClass[i] - value), `value ${i}`).toBeLessThanOrEqual(
        2 ** 5 * 12 * u * Math.max(4, Math.abs(value)),
      );
    });
  });

  it("weights and config pass between the class and the layer of TensorFlow.js", () => {
    const args: Args = { axis: 1, momentum: 0.7, epsilon: 0.02, center: false, gammaInitializer: "zeros", name: "b" };
    const [mine, original] = [new BatchNormalization(args), tfl.layers.batchNormalization(args)];
    expect(mine.getClassName()).toBe(original.getClassName());
    expect(mine.getConfig()).toEqual(original.getConfig());
    const [a, b] = [modelOf(ours), modelOf(theirs)];
    expect(a.getWeights().map(({ shape }) => shape)).toEqual(b.getWeights().map(({ shape }) => shape));
    a.setWeights(b.getWeights());
    const [ya, yb] = [a.predict(x()), b.predict(x())].map((y) => read(y as tf.Tensor));
    // Two layers of batch normalization and two dense ones: fewer than 16 roundings of values up to 64.
    ya.forEach((value, i) => {
      expect(Math.abs(value - yb[i])).toBeLessThanOrEqual(16 * u * 64);
    });
    expect(Math.max(...ya.map(Math.abs))).toBeLessThan(64);
  });

  it("models pass both ways as JSON with weights", async () => {
    const save = async (model: tfl.LayersModel) => {
      let artifacts: tf.io.ModelArtifacts | undefined;
      const saved = async (given: tf.io.ModelArtifacts) => {
        artifacts = given;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" as const } };
      };
      await model.save(tf.io.withSaveHandler(saved));
      return tf.io.fromMemory(artifacts as tf.io.ModelArtifacts);
    };
    const model = modelOf(ours);
    const y = [...read(model.predict(x()) as tf.Tensor)];
    const loaded = await tfl.loadLayersModel(await save(model));
    expect(loaded.layers[1]).not.toBeInstanceOf(BatchNormalization);
    await install(tf, { layers: tfl.layers });
    expect([...read(loaded.predict(x()) as tf.Tensor)]).toEqual(y);
    const map = tf.serialization.SerializationMap.getMap().classNameMap;
    const original = map.BatchNormalization;
    try {
      tf.serialization.registerClass(BatchNormalization);
      const back = await tfl.loadLayersModel(await save(loaded));
      expect(back.layers[1]).toBeInstanceOf(BatchNormalization);
      expect([...read(back.predict(x()) as tf.Tensor)]).toEqual(y);
    } finally {
      map.BatchNormalization = original;
    }
  });
});

describe("the class", () => {
  it("is a layer, and does not take a number from the names that TensorFlow.js gives", () => {
    expect(new BatchNormalization()).toBeInstanceOf(tfl.layers.Layer);
    const number = (layer: Layer) => Number(/\d+$/.exec(layer.name)?.[0]);
    const first = number(tfl.layers.batchNormalization());
    expect(number(new BatchNormalization())).toBe(first + 1);
    expect(number(tfl.layers.batchNormalization())).toBe(first + 2);
  });

  it.each([
    ["eps", '; did you mean "epsilon"?'],
    ["affine", '; did you mean "center" and "scale"?'],
    ["gamma_initializer", '; did you mean "gammaInitializer"?'],
    ["trackRunningStats", '; it has "axis", "momentum", "epsilon", "center", "scale", '],
  ])("refuses %s by name, with what was meant", (name, end) => {
    const make = () => new BatchNormalization({ [name]: true } as Args);
    expect(make).toThrow(RangeError);
    expect(make).toThrow(`"options" has no "${name}"${end}`);
    expect(() => new BatchNormalization({ [name]: undefined } as Args)).not.toThrow();
  });

  it("takes every option that TensorFlow.js reads", () => {
    const read = new Set<string>();
    for (const own of [{}, { inputShape: [2] }]) {
      const get = (_: object, name: string) => {
        read.add(name);
        return Reflect.get(own, name);
      };
      tfl.layers.batchNormalization(new Proxy(own, { get } as ProxyHandler<object>));
    }
    expect(read.size).toBeGreaterThan(15);
    const all = Object.fromEntries([...read].map((name) => [name, null]));
    expect(() => new BatchNormalization(all as Args)).not.toThrow();
  });

  it("loads configs with entries that only Keras knows, and lets classes derived from it have options of their own", () => {
    const config = { ...new BatchNormalization({ axis: 1, epsilon: 0.5 }).getConfig(), synchronized: false };
    const loaded = BatchNormalization.fromConfig(BatchNormalization, config);
    expect(loaded.getConfig()).toMatchObject({ axis: 1, epsilon: 0.5 });
    class Derived extends BatchNormalization {
      static override className = "Derived";
      readonly own: number;
      constructor(args: Args & { own: number }) {
        super(args);
        this.own = args.own;
      }
    }
    expect(new Derived({ own: 3 }).own).toBe(3);
    expect((Derived.fromConfig(Derived as never, { own: 4 }) as unknown as Derived).own).toBe(4);
  });
});
