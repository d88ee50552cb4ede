import * as tf from "@tensorflow/tfjs-core";
import { disposeBatch, makeBatch } from "../../examples/common/batches.js";
import { classes, pixels } from "../../examples/common/images.js";
import { descend, gradientsOf } from "../../lecture/training/gradients.js";
import { makeNetwork, type Network } from "../../lecture/training/network.js";
import { estimate, evaluate } from "../../lecture/training/train.js";
import { seeded } from "../../scripts/common/random.js";
import { Batches } from "./batches.js";
import { channelsOf, layerInputs, weightGradients } from "./look.js";
import type { Images } from "./pack.js";
import type { Look, Measured, Sample } from "./reports.js";
import { isSameNetwork, networkSettings, type Settings } from "./settings.js";

const SHOWN = 12;
/** The largest number of images for a look at a network. A smaller batch size reduces it. */
const LOOKED_AT = 128;
/** Training images from which precise statistics are estimated. */
const ESTIMATED = 2000;

/** The first test images, which the page shows. */
export function shownSamples({ test }: Images): Sample[] {
  return Array.from({ length: SHOWN }, (_, i) => ({
    pixels: test.images.slice(i * pixels, (i + 1) * pixels),
    label: test.labels[i],
  }));
}

const firstOf = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

/** One network in training, over TensorFlow.js. The same settings and seed give the same numbers. */
export class Trainer {
  step = 0;
  /** Images seen, in passes over the training images. */
  epoch = 0;
  #network: Network;
  #batches: Batches;

  constructor(
    readonly images: Images,
    public settings: Settings,
  ) {
    const random = seeded(settings.seed);
    this.#network = makeNetwork(networkSettings(settings), random);
    this.#batches = new Batches(images.train, random);
  }

  get hiddenLayers(): number {
    return this.#network.variables.filter(({ rank }) => rank >= 2).length - 1;
  }

  /** Goes on with other settings. Returns false where they need another network. */
  change(settings: Settings): boolean {
    if (!isSameNetwork(this.settings, settings)) return false;
    const { batch, order } = this.settings;
    if (batch !== settings.batch || order !== settings.order) this.#batches.restart();
    this.settings = settings;
    for (const norm of this.#network.norms) {
      norm.eps = settings.eps;
      norm.momentum = settings.momentum;
    }
    return true;
  }

  /** One step of gradient descent. Returns the loss before it, and the number of images. */
  train(): { readonly loss: number; readonly images: number } {
    const { batch: size, order, rate } = this.settings;
    const batch = this.#batches.next(size, order);
    const { loss, values } = gradientsOf(this.#network, batch, "training");
    descend(this.#network.variables, values, rate);
    tf.dispose([...values]);
    disposeBatch(batch);
    const images = batch.labels.length;
    this.step++;
    this.epoch += images / this.images.train.count;
    return { loss, images };
  }

  measure(): Measured {
    const { step, epoch } = this;
    const { accuracy } = evaluate(this.#network, this.images.test, "running");
    if (!this.settings.precise) return { step, epoch, accuracy, precise: null };
    estimate(this.#network, this.images.train, ESTIMATED);
    return { step, epoch, accuracy, precise: evaluate(this.#network, this.images.test, "precise").accuracy };
  }

  /** The network as it stands, by the first training images. It changes nothing. */
  look(): Look {
    const count = Math.min(LOOKED_AT, this.settings.batch);
    const batch = makeBatch(this.images.train, firstOf(count), 0, count);
    const inputs = layerInputs(this.#network, batch.images, "batch");
    const { values } = gradientsOf(this.#network, batch, "batch");
    const gradients = weightGradients(this.#network, values);
    tf.dispose([...values]);
    disposeBatch(batch);
    return {
      step: this.step,
      layers: gradients.map((gradient, i) => ({ inputs: inputs[i], ...gradient })),
      norms: channelsOf(this.#network, this.settings.layers, this.hiddenLayers),
      predictions: this.#predict(),
    };
  }

  #predict() {
    const batch = makeBatch(this.images.test, firstOf(SHOWN), 0, SHOWN);
    const values = tf.tidy(() => tf.softmax(this.#network.forward(batch.images, "running")).dataSync());
    disposeBatch(batch);
    return Array.from({ length: SHOWN }, (_, i) => {
      const row = values.subarray(i * classes, (i + 1) * classes);
      const probability = Math.max(...row);
      return { label: row.indexOf(probability), probability };
    });
  }

  dispose(): void {
    this.#network.dispose();
  }
}
