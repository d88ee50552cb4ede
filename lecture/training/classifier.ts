import { disposeBatch } from "../../examples/common/batches.js";
import { pixels } from "../../examples/common/fashion-mnist.js";
import { type Random, seeded } from "../../scripts/common/random.js";
import type { Recipe, Trial } from "../experiment.js";
import { makeNetwork, type Network, type NetworkSettings, type NormMaker } from "./network.js";
import { Batches, estimate, evaluate, first, step } from "./train.js";

/** The settings of a training on Fashion-MNIST and of its measurements. */
export interface ClassifierSettings {
  readonly network: NetworkSettings;
  /** The learning rate of plain gradient descent. */
  readonly lr: number;
  /** Images a step. */
  readonly batch: number;
  /** Passes over the training images. */
  readonly epochs: number;
  /** The number of images to train on, from the first. Default all. */
  readonly images?: number;
  /** The largest number of steps. The training may end earlier with the epochs. */
  readonly steps?: number;
  readonly weightDecay?: number;
  /** Measurements an epoch; less than 1 for one every few epochs. Default 1. There is always one at the end. */
  readonly measurements?: number;
  /** Tells whether to measure by precise statistics, too, from up to 10,000 training images. Default false. */
  readonly precise?: boolean;
}

/** Accuracies are in [0, 1]. null: not a number, as after a divergence, or not asked for. */
export interface Measurement {
  readonly step: number;
  readonly epoch: number;
  /** Mean cross entropy and accuracy since the last measurement, each batch before its step. */
  readonly loss: number | null;
  readonly accuracy: number;
  /** The accuracy on the test images, by running statistics. */
  readonly test: number;
  readonly testLoss: number | null;
  /** The accuracy on the test images, by precise statistics. */
  readonly precise: number | null;
}

export interface Training {
  readonly curve: readonly Measurement[];
  /** The step after which the loss was not a number any more, where training ended; null if it never was. */
  readonly divergedAt: number | null;
}

/** Seconds of one step of a network, roughly, on the machine that the costs were taken from. */
export function stepCost({ body, norm }: NetworkSettings, batch: number): number {
  if (body === "lenet") return 0.001 + batch * (norm ? 0.0004 : 0.00034);
  const widths = [pixels, ...body, 10];
  const weights = widths.slice(1).reduce((sum, width, i) => sum + width * widths[i], 0);
  return 0.0007 + (norm ? 0.0005 : 0.0003) * body.length + (6 * weights * batch) / 20e9;
}

/** A recipe that trains with `makeNorm` in the place of batch normalization. */
export function classifierWith(name: string, makeNorm?: NormMaker): Recipe<ClassifierSettings, Training> {
  return {
    name,
    cost(
      { network, batch, epochs, steps, images = Number.POSITIVE_INFINITY, measurements = 1, precise },
      { train, test },
    ) {
      const count = Math.min(images, train.count);
      const perEpoch = Math.ceil(count / batch);
      const taken = Math.min(epochs * perEpoch, steps ?? Number.POSITIVE_INFINITY);
      const measured = (taken / perEpoch) * measurements;
      const judged = test.count + (precise ? test.count + Math.min(count, 10_000) : 0);
      return taken * stepCost(network, batch) + measured * judged * 0.35 * (stepCost(network, 1000) / 1000);
    },
    run(settings, trial) {
      const random = seeded(trial.seed);
      const network = makeNetwork(settings.network, random, makeNorm);
      try {
        return train(settings, network, random, trial);
      } finally {
        network.dispose();
      }
    },
  };
}

/** Trains one network; the same settings and seed give the same numbers. */
export const classifier = classifierWith("classifier");

function train(settings: ClassifierSettings, network: Network, random: Random, { data, progress }: Trial): Training {
  const { lr, batch: size, epochs, weightDecay, measurements = 1, precise = false } = settings;
  const images = first(data.train, settings.images ?? data.train.count);
  const batches = new Batches(images, size, random);
  const steps = Math.min(epochs * batches.perEpoch, settings.steps ?? Number.POSITIVE_INFINITY);
  const interval = Math.max(1, Math.round(batches.perEpoch / measurements));
  const curve: Measurement[] = [];
  let [loss, right, seen] = [0, 0, 0];
  for (let i = 1; i <= steps; i++) {
    const batch = batches.next();
    const result = step(network, batch, lr, weightDecay);
    disposeBatch(batch);
    progress(i / steps);
    loss += result.loss * batch.labels.length;
    right += result.right;
    seen += batch.labels.length;
    if (Number.isNaN(result.loss)) return { curve, divergedAt: i };
    if (i % interval !== 0 && i !== steps) continue;
    if (precise) estimate(network, images, 10_000);
    const score = evaluate(network, data.test, "running");
    curve.push({
      step: i,
      epoch: i / batches.perEpoch,
      loss: rounded(loss / seen),
      accuracy: right / seen,
      test: score.accuracy,
      testLoss: rounded(score.loss),
      precise: precise ? evaluate(network, data.test, "precise").accuracy : null,
    });
    [loss, right, seen] = [0, 0, 0];
  }
  return { curve, divergedAt: null };
}

/** Rounds to six digits, which are stored. Returns null for a number that is not finite. */
export function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}
