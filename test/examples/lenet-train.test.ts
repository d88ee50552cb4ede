import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { startTfjs } from "../../examples/common/backend.js";
import { batchBounds } from "../../examples/common/batches.js";
import { classes, type Dataset, pixels } from "../../examples/common/fashion-mnist.js";
import { LeNet } from "../../examples/lenet/network.js";
import { ourLayer } from "../../examples/lenet/normalizers.js";
import { type EpochResult, train } from "../../examples/lenet/train.js";
import { seeded } from "../../scripts/common/random.js";

beforeAll(startTfjs);

/** Noise with one bright row whose place depends on the class. */
function stripes(count: number): Dataset {
  const random = seeded(3);
  const labels = Uint8Array.from({ length: count }, () => Math.floor(random.next() * classes));
  const images = Uint8Array.from({ length: count * pixels }, (_, i) => {
    const row = Math.floor((i % pixels) / 28);
    return random.next() * 60 + (row === 4 + 2 * labels[Math.floor(i / pixels)] ? 195 : 0);
  });
  return { images, labels, count };
}

async function trainLeNet(seed: number, normalized: boolean): Promise<EpochResult[]> {
  const random = seeded(seed);
  const network = new LeNet(random, normalized ? ourLayer : null);
  const data = { train: stripes(200), test: stripes(70) };
  const results = await train(network, data, {
    epochs: 3,
    lr: 1,
    batch: 32,
    random,
    onStep: () => {},
    onEpoch: () => {},
  });
  network.dispose();
  return results;
}

function numbers(results: readonly EpochResult[]) {
  return results.map(({ epoch, loss, trainAccuracy, testAccuracy }) => ({ epoch, loss, trainAccuracy, testAccuracy }));
}

describe("training", { timeout: 30_000 }, () => {
  it.each([true, false])("gives the same numbers for the same seed (batch normalization: %s)", async (normalized) => {
    const first = await trainLeNet(5, normalized);
    expect(numbers(await trainLeNet(5, normalized))).toEqual(numbers(first));
    expect((await trainLeNet(6, normalized))[0].loss).not.toBe(first[0].loss);
  });

  it("learns stripes, and leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;
    const results = await trainLeNet(5, true);
    expect(results.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    // A network that knew nothing would stay at ln 10 = 2.30.
    expect(results[2].loss).toBeLessThan(1.5);
    expect(results[2].trainAccuracy).toBeGreaterThan(0.5);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("batches of an epoch", () => {
  it.each([
    [10_000, 256, 40],
    [60_000, 256, 235],
    [200, 32, 7],
    [256, 256, 1],
    [257, 256, 2],
    [5, 2, 2],
    [2, 2, 1],
  ])("splits %d images into batches of at most about %d", (count, size, steps) => {
    const bounds = batchBounds(count, size);
    const sizes = bounds.slice(1).map((end, i) => end - bounds[i]);
    expect(sizes.length).toBe(steps);
    expect(sizes.reduce((sum, value) => sum + value)).toBe(count);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(2);
  });
});
