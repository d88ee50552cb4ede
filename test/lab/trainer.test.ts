import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTfjs } from "../../examples/common/backend.js";
import { dataFolder, readSplit } from "../../examples/common/fashion-mnist.js";
import { pixels } from "../../examples/common/images.js";
import { Batches, epochOf } from "../../lab/training/batches.js";
import { histogram } from "../../lab/training/look.js";
import { type Images, pack, unpack } from "../../lab/training/pack.js";
import type { Report } from "../../lab/training/reports.js";
import { Runner } from "../../lab/training/runner.js";
import type { Settings } from "../../lab/training/settings.js";
import { Trainer } from "../../lab/training/trainer.js";
import { seeded } from "../../scripts/common/random.js";

const settings: Settings = {
  network: "dense",
  layers: [0, 1, 2, 3],
  activation: "sigmoid",
  placement: "before",
  seed: 1,
  rate: 1,
  batch: 64,
  eps: 1e-5,
  momentum: 0.1,
  order: "mixed",
  precise: false,
};
const without: Settings = { ...settings, layers: [] };

let images: Images;
beforeAll(async () => {
  await startTfjs();
  images = unpack(pack(readSplit(dataFolder, "train"), 2000, readSplit(dataFolder, "test"), 200));
});

describe("the packed images", () => {
  it("are those of the data set", () => {
    const train = readSplit(dataFolder, "train");
    expect(images.train.count).toBe(2000);
    expect([...images.train.labels]).toEqual([...train.labels.subarray(0, 2000)]);
    expect(Buffer.compare(images.train.images, train.images.subarray(0, 2000 * pixels))).toBe(0);
    expect(Buffer.compare(images.test.images, readSplit(dataFolder, "test").images.subarray(0, 200 * pixels))).toBe(0);
  });

  it("are refused where the file is cut", () => {
    const packed = pack(images.train, 3, images.test, 2);
    expect(() => unpack(packed.subarray(0, -1))).toThrow(/expected/);
    expect(() => unpack(new Uint8Array(3))).toThrow(/too few/);
  });
});

describe("batches", () => {
  it.each([1, 7, 64])("of %s images have every image once in an epoch", (size) => {
    const epoch = epochOf(images.train, size, "mixed", seeded(3));
    expect(epoch).toHaveLength(Math.ceil(2000 / size));
    expect(Math.max(...epoch.map(({ length }) => length))).toBeLessThanOrEqual(size);
    expect(epoch.flatMap((batch) => [...batch]).sort((a, b) => a - b)).toEqual([...Array(2000).keys()]);
  });

  it("of one class have one class each", () => {
    const epoch = epochOf(images.train, 64, "sorted", seeded(3));
    for (const batch of epoch) expect(new Set([...batch].map((i) => images.train.labels[i])).size).toBe(1);
    expect(new Set(epoch.flatMap((batch) => [...batch])).size).toBe(2000);
    // Not one class after the other.
    const classes = epoch.map(([i]) => images.train.labels[i]);
    expect(classes).not.toEqual([...classes].sort((a, b) => a - b));
  });

  it("take another size at once", () => {
    const batches = new Batches(images.train, seeded(1));
    expect(batches.next(64, "mixed").labels).toHaveLength(62);
    batches.restart();
    expect(batches.next(1, "mixed").labels).toHaveLength(1);
  });
});

describe("a network in training", () => {
  const trained = (given: Settings, steps: number) => {
    const trainer = new Trainer(images, given);
    for (let i = 0; i < steps; i++) trainer.train();
    return trainer;
  };

  it("is far ahead with batch norm after three epochs", () => {
    const [a, b] = [trained(settings, 96), trained(without, 96)];
    // Chance is 10 %. Of 200 images, four standard deviations of a share are at most 4·sqrt(1/4/200) = 14 %.
    expect(a.measure().accuracy - b.measure().accuracy).toBeGreaterThan(0.14);
    a.dispose();
    b.dispose();
  });

  it("gives the same numbers again, whether somebody looks or not", () => {
    const [a, b] = [trained(settings, 4), trained(settings, 2)];
    b.look();
    b.measure();
    b.train();
    b.train();
    expect(b.look()).toEqual(a.look());
    a.dispose();
    b.dispose();
  });

  it("takes rate, batch, eps and momentum at the next step, and asks for a new network otherwise", () => {
    const trainer = trained(settings, 3);
    const before = trainer.look();
    expect(trainer.change({ ...settings, rate: 0.01, batch: 1, eps: 0.1, momentum: 0 })).toBe(true);
    expect(trainer.look().norms).toEqual(before.norms);
    expect(trainer.train().images).toBe(1);
    // Weight 0 of the new batch: the running mean stays.
    expect(trainer.look().norms[0]?.mean).toEqual(before.norms[0]?.mean);
    for (const other of [
      { seed: 2 },
      { layers: [1] },
      { activation: "relu" },
      { placement: "after" },
      { network: "lenet" },
    ]) {
      expect(trainer.change({ ...settings, ...other } as Settings)).toBe(false);
    }
    trainer.dispose();
  });

  it("learns nothing below a batch norm that sees one value per channel", () => {
    const trainer = new Trainer(images, { ...settings, batch: 1 });
    const before = trainer.look().norms[0];
    for (let i = 0; i < 3; i++) trainer.train();
    // y is beta, whatever x is: no gradient reaches the weights below the last batch norm, nor gamma.
    const { norms, layers } = trainer.look();
    expect(layers.map(({ length }) => length === 0)).toEqual([true, true, true, true, false]);
    expect(norms[0]?.gamma).toEqual(before?.gamma);
    trainer.dispose();
  });

  it("holds no tensor after it is disposed of", () => {
    const before = tf.memory().numTensors;
    const trainer = trained({ ...settings, precise: true }, 2);
    const during = tf.memory().numTensors;
    trainer.measure();
    trainer.look();
    trainer.train();
    expect(tf.memory().numTensors).toBe(during);
    trainer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("places batch norm in the layers that were asked for", () => {
    const trainer = new Trainer(images, { ...settings, network: "lenet", layers: [1, 3], placement: "input" });
    expect(trainer.look().norms.map((norm) => norm?.gamma.length ?? 0)).toEqual([0, 6, 0, 120]);
    trainer.dispose();
  });
});

describe("the runner", () => {
  it("acknowledges settings, measures, looks, and ends where the loss is no number", async () => {
    const reports: Report[] = [];
    let diverged = () => {};
    const end = new Promise<void>((resolve) => {
      diverged = resolve;
    });
    const runner = new Runner(images, { ...without, activation: "linear" }, (report) => {
      reports.push(report);
      if (report.kind === "diverged") diverged();
    });
    runner.begin();
    expect(reports.map(({ kind }) => kind)).toEqual(["begun", "measured", "look"]);
    runner.obey({ kind: "step" });
    expect(reports.slice(3).map(({ kind }) => kind)).toEqual(["progress", "look"]);
    runner.obey({ kind: "settings", id: 5, settings: { ...without, activation: "linear", rate: 1e4 } });
    expect(reports.at(-1)).toEqual({ kind: "applied", id: 5, step: 1 });
    runner.obey({ kind: "run" });
    // A rest delays training, and does not end it.
    runner.obey({ kind: "rest" });
    await end;
    runner.obey({ kind: "reset" });
    expect(reports.filter(({ kind }) => kind === "begun")).toHaveLength(2);
    runner.close();
  });
});

it("counts every value once in a histogram", () => {
  const { from, to, counts } = histogram([0, 0.1, 0.5, 1, 1, Number.NaN]);
  expect([from, to]).toEqual([0, 1]);
  expect(counts.reduce((a, b) => a + b)).toBe(5);
  expect([counts[0], counts[2], counts[12], counts[23]]).toEqual([1, 1, 1, 2]);
  expect(histogram([2, 2]).counts[0]).toBe(2);
});

afterAll(() => tf.disposeVariables());
