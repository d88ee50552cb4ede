import type { Images } from "./pack.js";
import type { Order, Report } from "./reports.js";
import type { Settings } from "./settings.js";
import { Trainer } from "./trainer.js";

/** The page hears of progress at most so often, in milliseconds ... */
const PROGRESS = 250;
/** ... and gets a look at the network. */
const LOOK = 1000;
/** The number of measurements per epoch, and the largest number of steps between two. */
const MEASUREMENTS = 4;
const MOST_STEPS = 50;
/**
 * Training pauses for this time in milliseconds when the reader does something, so that the page gets the processor.
 */
const REST = 80;

/** Trains when it is told to, and lets messages in between steps. */
export class Runner {
  #trainer: Trainer;
  #running = false;
  #scheduled = false;
  #tired = false;
  #since = { loss: 0, steps: 0, images: 0, time: performance.now() };
  #looked = 0;
  #measured = 0;
  readonly #channel = new MessageChannel();

  constructor(
    readonly images: Images,
    settings: Settings,
    readonly say: (report: Report) => void,
  ) {
    this.#trainer = new Trainer(images, settings);
    // A message to itself comes behind those of the page, and sooner than a timer, which browsers delay.
    this.#channel.port1.onmessage = () => this.#turn();
  }

  begin(): void {
    this.#since = { loss: 0, steps: 0, images: 0, time: performance.now() };
    this.#measured = 0;
    this.say({ kind: "begun" });
    this.#measure();
    this.#look();
  }

  obey(order: Exclude<Order, { kind: "start" }>): void {
    switch (order.kind) {
      case "settings":
        if (!this.#trainer.change(order.settings)) this.#renew(order.settings);
        this.say({ kind: "applied", id: order.id, step: this.#trainer.step });
        break;
      case "reset":
        this.#renew(this.#trainer.settings);
        break;
      case "run":
        this.#running = true;
        this.#since = { loss: 0, steps: 0, images: 0, time: performance.now() };
        this.#schedule();
        break;
      case "pause":
        this.#running = false;
        this.#look();
        break;
      case "rest":
        this.#tired = true;
        // Nor does the page have to draw a look meanwhile.
        this.#looked = performance.now();
        break;
      case "step":
        this.#step();
        this.#progress();
        this.#look();
    }
  }

  /** Ends it, and gives the memory back. */
  close(): void {
    this.#running = false;
    this.#channel.port1.close();
    this.#trainer.dispose();
  }

  #renew(settings: Settings): void {
    this.#trainer.dispose();
    this.#trainer = new Trainer(this.images, settings);
    this.begin();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#tired) setTimeout(() => this.#turn(), REST);
    else this.#channel.port2.postMessage(null);
    this.#tired = false;
  }

  #turn(): void {
    this.#scheduled = false;
    if (!this.#running) return;
    this.#step();
    const now = performance.now();
    if (now - this.#since.time >= PROGRESS) this.#progress();
    if (now - this.#looked >= LOOK) this.#look();
    if (this.#running) this.#schedule();
  }

  #step(): void {
    const { loss, images } = this.#trainer.train();
    const { step, settings } = this.#trainer;
    this.#since.loss += loss;
    this.#since.steps++;
    this.#since.images += images;
    if (!Number.isFinite(loss)) {
      this.#running = false;
      this.say({ kind: "diverged", step });
      this.#look();
      return;
    }
    const perEpoch = this.images.train.count / settings.batch;
    if (step - this.#measured >= Math.max(1, Math.min(MOST_STEPS, Math.round(perEpoch / MEASUREMENTS))))
      this.#measure();
  }

  #progress(): void {
    const { loss, steps, images, time } = this.#since;
    if (steps === 0) return;
    const { step, epoch } = this.#trainer;
    const imagesPerSecond = (1000 * images) / (performance.now() - time);
    this.say({ kind: "progress", step, epoch, loss: loss / steps, imagesPerSecond });
    this.#since = { loss: 0, steps: 0, images: 0, time: performance.now() };
  }

  #measure(): void {
    this.#measured = this.#trainer.step;
    const before = performance.now();
    this.say({ kind: "measured", ...this.#trainer.measure() });
    // The rate is that of training.
    this.#since.time += performance.now() - before;
  }

  #look(): void {
    const before = performance.now();
    this.say({ kind: "look", ...this.#trainer.look() });
    this.#looked = performance.now();
    this.#since.time += this.#looked - before;
  }
}
