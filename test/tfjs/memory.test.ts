import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { currentHost, releaseHosts } from "../../src/tfjs/hosts.js";
import { batchNormInference, batchNormTraining, install, uninstall } from "../../src/tfjs/index.js";
import { hosts, read, tf, tfl, useHost, wasmModule } from "./backends.js";

/** Runs with every block of the wasm backend's allocator under watch; `live` counts those that were not freed. */
function watchingAllocations<T>(run: (live: () => number) => T): T {
  const module = wasmModule();
  const { _malloc, _free } = module;
  const blocks = new Set<number>();
  module._malloc = (bytes) => {
    const address = _malloc(bytes);
    blocks.add(address);
    return address;
  };
  module._free = (address) => {
    blocks.delete(address);
    _free(address);
  };
  try {
    return run(() => blocks.size);
  } finally {
    module._malloc = _malloc;
    module._free = _free;
  }
}

/** What must not grow: tensors, bytes and data of TensorFlow.js, and where the kernels work in a memory, that memory. */
function held() {
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  const heap = tf.getBackend() === "wasm" ? wasmModule().HEAPU8.buffer.byteLength : 0;
  const kernels = currentHost()?.floats(0, 0).buffer.byteLength;
  return { numTensors, numBytes, numDataBuffers, dataIds: tf.backend().numDataIds(), heap, kernels };
}

describe.each(hosts)("memory on %s", (name) => {
  beforeEach(async () => {
    await useHost(name);
    await install(tf, { layers: tfl.layers });
  });
  afterEach(uninstall);

  // The steps on the copying host differ from those on the others by their copies alone.
  const steps = name === "copying" ? 1000 : 10_000;
  it(`is flat over ${steps} steps of training`, { timeout: 120_000 }, () => {
    const layers = [tfl.layers.batchNormalization(), tfl.layers.batchNormalization({ axis: 1, scale: false })];
    for (const layer of layers) layer.build([6, 3]);
    const optimizer = tf.train.sgd(1e-3);
    const x = tf.randomNormal([6, 3]);
    const forward = () => layers.reduce<tf.Tensor>((x, layer) => layer.apply(x, { training: true }) as tf.Tensor, x);
    const step = () => optimizer.minimize(() => tf.sum(tf.square(forward())));
    for (let i = 0; i < 10; i++) step();
    const before = held();
    const run = (live: () => number) => {
      step(); // blocks that were taken before the watch are given back here
      const blocks = live();
      for (let i = 1; i < steps; i++) step();
      expect(live()).toBe(blocks);
    };
    if (name === "cpu") run(() => 0);
    else watchingAllocations(run);
    expect(held()).toEqual(before);
    tf.dispose([x, ...layers.flatMap((layer) => layer.getWeights())]);
  });

  it("is flat over model.fit", async () => {
    const layers = [tfl.layers.batchNormalization({ inputShape: [3] }), tfl.layers.dense({ units: 1 })];
    const model = tfl.sequential({ layers });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const [x, y] = [tf.randomNormal([12, 3]), tf.randomNormal([12, 1])];
    const train = () => model.fit(x, y, { epochs: 3, batchSize: 4, verbose: 0 });
    await train();
    const before = held();
    for (let i = 0; i < 5; i++) await train();
    expect(held()).toEqual(before);
    model.dispose();
    tf.dispose([x, y]);
  });

  const functions: [name: string, results: number, run: (x: tf.Tensor, v: tf.Tensor) => unknown][] = [
    ["batchNormTraining", 3, (x, v) => Object.values(batchNormTraining(x, v, v))],
    ["batchNormInference", 1, (x, v) => batchNormInference(x, v, v, v, v)],
    [
      "tf.batchNorm",
      1,
      (x, v) => tf.batchNorm(x, v as tf.Tensor1D, v as tf.Tensor1D, v as tf.Tensor1D, v as tf.Tensor1D),
    ],
    ["gradient of batchNormTraining", 1, (x, v) => tf.grad((x) => batchNormTraining(x, v, v).y)(x)],
    ["gradient of its variance", 1, (x) => tf.grad((x) => batchNormTraining(x).variance)(x)],
    ["gradient of its mean", 1, (x) => tf.grad((x) => batchNormTraining(x).mean)(x)],
    ["gradient of batchNormInference", 1, (x, v) => tf.grad((v) => batchNormInference(x, v, v, v, v))(v)],
    ["gradient of tf.batchNorm", 1, (x, v) => tf.grad((x) => tf.batchNorm(x, v as tf.Tensor1D, v as tf.Tensor1D))(x)],
    ["value and gradient", 2, (x, v) => tf.valueAndGrad((x: tf.Tensor) => batchNormTraining(x, v, v).y)(x)],
    [
      "gradient of a gradient",
      1,
      (x, v) => tf.grad((x) => tf.sum(tf.square(tf.grad((x) => batchNormTraining(x, v).y)(x))))(x),
    ],
    ["int32", 3, () => tf.tidy(() => Object.values(batchNormTraining(tf.tensor2d([1, 2, 3, 5], [2, 2], "int32"))))],
  ];

  it.each(functions)("of %s: %d tensors more, and none after tf.dispose or in tf.tidy", (_, results, run) => {
    const [x, v] = [tf.tensor2d([1, 2, 3, 5, 8, 13], [3, 2]), tf.tensor1d([1, 2])];
    tf.dispose(run(x, v) as tf.TensorContainer);
    // With this flag the engine throws where a kernel leaves data behind.
    tf.env().set("IS_TEST", true);
    const before = held();
    const made = run(x, v) as tf.TensorContainer;
    expect(tf.memory().numTensors).toBe(before.numTensors + results);
    tf.dispose(made);
    expect(held()).toEqual(before);
    tf.tidy(() => {
      run(x, v);
    });
    expect(held()).toEqual(before);
    tf.engine().startScope();
    run(x, v);
    tf.engine().endScope();
    expect(held()).toEqual(before);
    tf.env().set("IS_TEST", false);
    tf.dispose([x, v]);
  });

  it("is as before after a call that was refused, inside tf.tidy and outside", async () => {
    await install(tf, { layers: tfl.layers, singleValue: "refuse" });
    const x = tf.ones([1, 3]);
    const layer = tfl.layers.batchNormalization();
    layer.build([1, 3]);
    const before = held();
    expect(() => layer.apply(x, { training: true })).toThrow(RangeError);
    expect(() => tf.tidy(() => tf.grad((x) => layer.apply(x, { training: true }) as tf.Tensor)(x))).toThrow(RangeError);
    expect(held()).toEqual(before);
    tf.dispose([x, ...layer.getWeights()]);
  });

  it("is accounted for in tf.profile, by name", async () => {
    const [x, v] = [tf.tensor2d([1, 2, 3, 5, 8, 13], [3, 2]), tf.tensor1d([1, 2])];
    const layer = tfl.layers.batchNormalization();
    layer.build([3, 2]);
    const made: tf.Tensor[] = [];
    const profile = await tf.profile(() => {
      made.push(tf.batchNorm(x, v, v), batchNormTraining(x, v, v).y, layer.apply(x, { training: true }) as tf.Tensor);
      return made;
    });
    const names = profile.kernels.map(({ name }) => name);
    for (const name of ["FusedBatchNorm", "batchNormTraining", "batchNormalization"]) expect(names).toContain(name);
    // y of each, and mean and variance of the second.
    expect(profile.newTensors).toBe(5);
    expect(profile.newBytes).toBe(4 * (3 * 6 + 2 * 2));
    tf.dispose([x, v, ...made, ...layer.getWeights()]);
  });

  it("passes the checks of tf.enableDebugMode", async () => {
    const log = [vi.spyOn(console, "log"), vi.spyOn(console, "warn")].map((spy) => spy.mockImplementation(() => {}));
    tf.env().set("DEBUG", true);
    try {
      const x = tf.tensor2d([1, 2, 3, 5], [2, 2]);
      const dx = tf.grad((x) => batchNormTraining(x).y)(x);
      expect(read(dx)).toHaveLength(4);
      tf.dispose([x, dx]);
      await new Promise(setImmediate); // what it logs comes later
    } finally {
      tf.env().set("DEBUG", false);
      for (const spy of log) spy.mockRestore();
    }
  });
});

describe("scratch in the wasm backend's memory", () => {
  it("is one block, taken when it is first needed, given back when the adapter is uninstalled", async () => {
    await useHost("zero-copy");
    releaseHosts();
    await install(tf, { layers: tfl.layers });
    watchingAllocations((live) => {
      const x = tf.ones([4, 3]);
      const layer = tfl.layers.batchNormalization();
      layer.build([4, 3]);
      const before = live();
      for (let i = 0; i < 3; i++) (layer.apply(x, { training: true }) as tf.Tensor).dispose();
      expect(live()).toBe(before + 1);
      tf.dispose(tf.tidy(() => batchNormTraining(tf.ones([2, 1000])))); // needs more
      expect(live()).toBe(before + 1);
      uninstall();
      expect(live()).toBe(before);
      tf.dispose([x, ...layer.getWeights()]);
    });
  });
});
